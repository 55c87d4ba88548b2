import { answer } from '../kernel/endpoint.ts'
import { isRefusal, refuseValue } from '../kernel/refusal.ts'
import { readSince, tellAfterUpload, toldNow } from './cursor.ts'
import { seen } from './devices.ts'
import { app, type Door, type DoorParts } from './door.ts'
import { readFeed } from './feeds.ts'
import { receiveActions } from './receive.ts'
import { writeActions } from './stream.ts'
import { type ShownAction, type Told, tellActions } from './tell.ts'

export function episodeRoutes({ on }: Door, parts: DoorParts): void {
  const { journal, catalog } = parts
  const path = '/api/2/episodes/:user.json'

  on(['post'], path, async (call) => {
    const body = await call.json()
    if (isRefusal(body)) return body
    if (!Array.isArray(body)) return refuseValue('body', 'is not a list of actions')
    const received = await receiveActions(parts, call.sender(null), body)
    if (isRefusal(received)) return received
    const { updates, devices, written, overruled } = received
    for (const device of devices) await seen(parts, call, device)
    const timestamp = await tellAfterUpload(parts, call, 'episodes', devices, written, overruled)
    return answer(200, { timestamp, update_urls: updates })
  })

  on(['get'], path, async (call) => {
    const since = readSince(call.query('since') || '0')
    if (isRefusal(since)) return since
    const { user, device } = call
    const feed = call.query('podcast')
    const podcast = feed === undefined ? null : await catalog.knownPodcast(readFeed(feed) ?? '')
    if (feed !== undefined && podcast === null)
      return answer(200, { actions: [], timestamp: (await journal.head(user)).lastStamp })
    const told = await tellActions(parts, { user, app, since, podcast, device })
    const aggregated = call.query('aggregated')?.toLowerCase() === 'true'
    // Who asks for a part was not told the rest.
    const isWhole = feed === undefined && device === null
    const body = await writeActions(aggregated ? newestOfEach(told) : told, () => {
      if (isWhole) toldNow(parts, call, 'episodes', told.timestamp)
    })
    return answer(200, body, { 'Content-Type': 'application/json; charset=utf-8' })
  })
}

/**
 * Of each episode the newest play, and of what else was done with it the newest: the one alone would hide where a
 * listener is behind a deletion that came later.
 */
function newestOfEach({ timestamp, actions }: Told): Told {
  async function* newest() {
    for await (const some of actions) {
      const found = new Map<string, ShownAction>()
      for (const action of some) {
        const key = JSON.stringify([action.podcast, action.guid ?? '', action.episode, action.action === 'play'])
        const before = found.get(key)
        if (!before || action.timestamp > before.timestamp) found.set(key, action)
      }
      yield [...found.values()]
    }
  }
  return { timestamp, actions: newest() }
}
