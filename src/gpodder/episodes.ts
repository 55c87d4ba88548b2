import { answer } from '../kernel/endpoint.ts'
import { isRefusal, refuseValue } from '../kernel/refusal.ts'
import { readSince, tellAfterUpload, toldNow } from './cursor.ts'
import { seen } from './devices.ts'
import { app, type Door, type DoorParts } from './door.ts'
import { readFeed } from './feeds.ts'
import { receiveActions } from './receive.ts'
import { type ShownAction, tellActions } from './tell.ts'

export function episodeRoutes({ on }: Door, parts: DoorParts): void {
  const { journal, catalog } = parts
  const path = '/api/2/episodes/:user.json'

  on(['post'], path, async (call) => {
    const body = await call.json()
    if (isRefusal(body)) return body
    if (!Array.isArray(body)) return refuseValue('body', 'is not a list of actions')
    const received = await receiveActions(parts, call.sender(null), body)
    if (isRefusal(received)) return received
    const { updates, devices, overruled } = received
    for (const device of devices) await seen(parts, call, device)
    const timestamp = await tellAfterUpload(parts, call, 'episodes', devices, overruled)
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
    const { timestamp, actions: told } = await tellActions(parts, { user, app, since, podcast, device })
    const actions: ShownAction[] = []
    for await (const some of told) actions.push(...some)
    // Who asks for a part was not told the rest.
    if (feed === undefined && device === null) await toldNow(parts, call, 'episodes', timestamp)
    const aggregated = call.query('aggregated')?.toLowerCase() === 'true'
    return answer(200, { actions: aggregated ? newestOfEach(actions) : actions, timestamp })
  })
}

function newestOfEach(actions: readonly ShownAction[]): readonly ShownAction[] {
  const newest = new Map<string, ShownAction>()
  for (const action of actions) {
    const key = JSON.stringify([action.podcast, action.guid ?? '', action.episode])
    const before = newest.get(key)
    if (!before || action.timestamp > before.timestamp) newest.set(key, action)
  }
  return [...newest.values()]
}
