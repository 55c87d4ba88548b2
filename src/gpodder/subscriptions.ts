import { z } from 'zod'
import { type Answer, answer } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuse, refuseValue } from '../kernel/refusal.ts'
import { subscriptionsOf } from '../subscriptions/queries.ts'
import { readSince, tellAfterUpload, toldNow } from './cursor.ts'
import { seen } from './devices.ts'
import { app, type Call, type Door, type DoorParts } from './door.ts'
import { feedUrls, nameFeeds } from './feeds.ts'
import { changeSubscriptions, subscriptionsSince, turnSubscriptions } from './follow.ts'
import { readFeeds, readFormat, writeFeeds } from './formats.ts'

const urls = z.array(z.string()).nullish()
const upload = z.object({ add: urls, remove: urls })

/** Seconds within which a second request to empty a list confirms the first. */
const confirmWithin = 60

/** All devices of a listener share one list. */
export function subscriptionRoutes({ on }: Door, parts: DoorParts): void {
  const { accounts, journal, catalog, reading, stamps } = parts

  async function followed({ user }: Call): Promise<readonly string[]> {
    const found = await subscriptionsOf(await reading(user), user)
    const names = await feedUrls(
      catalog,
      found.map((row) => row.podcast_id),
    )
    return found.flatMap((row) => names.get(row.podcast_id) ?? [])
  }

  on(['get'], '/api/2/subscriptions/:user/:device.json', async (call) => {
    const since = readSince(call.query('since'))
    if (isRefusal(since)) return since
    const { user, device } = call
    if (!(await accounts.devices.find(user, app, device ?? ''))) return refuse('not_found', 'There is no such device.')
    // Before what is told is read, so that what comes between is told twice and not never.
    const { lastStamp: timestamp } = await journal.head(user)
    const changes = await subscriptionsSince(parts, user, since)
    toldNow(parts, call, 'subscriptions', timestamp)
    return answer(200, { ...changes, timestamp })
  })

  on(['post'], '/api/2/subscriptions/:user/:device.json', async (call) => {
    const body = await call.json()
    if (isRefusal(body)) return body
    const said = upload.safeParse(body)
    if (!said.success) return refuseValue('body', 'is not {"add": […], "remove": […]} with lists of feed URLs')
    const [add, remove] = [said.data.add ?? [], said.data.remove ?? []]
    const changed = await changeSubscriptions(parts, call.sender(call.device), { add, remove })
    if (isRefusal(changed)) return changed
    await seen(parts, call, call.device)
    const timestamp = await tellAfterUpload(parts, call, 'subscriptions', [call.device ?? ''], changed.written)
    return answer(200, { timestamp, update_urls: changed.updates })
  })

  async function list(call: Call): Promise<Answer | Refusal> {
    const format = readFormat(call.format)
    return isRefusal(format) ? format : writeFeeds(format, await followed(call))
  }

  on(['get'], '/subscriptions/:user/:device.:format', list)
  on(['get'], '/subscriptions/:user.:format', list)

  /** Whether this device asked for the same a moment ago; else remembers that it did. */
  async function confirmed({ user, device, now }: Call): Promise<boolean> {
    const clients = [`device ${device}`]
    const before = await stamps.of(user, 'emptying', clients)
    const second = Math.floor(now / 1000)
    const isSecond = before !== null && second - before <= confirmWithin
    // A third one is the first of another pair.
    await stamps.put(user, 'emptying', clients, isSecond ? 0 : second, now)
    return isSecond
  }

  on(['put'], '/subscriptions/:user/:device.:format', async (call) => {
    const format = readFormat(call.format)
    if (isRefusal(format)) return format
    const text = await call.text()
    if (isRefusal(text)) return text
    const sent = readFeeds(format, text)
    if (isRefusal(sent)) return sent
    const named = await nameFeeds(catalog, sent)
    const wanted = new Set(sent.map(named.podcast).filter((id) => id !== null))
    const before = (await subscriptionsOf(await reading(call.user), call.user)).map((row) => row.podcast_id)
    if (wanted.size === 0 && before.length > 0 && !(await confirmed(call)))
      return refuse('conflict', 'This would end every subscription; send it again within a minute if it is meant.')
    await seen(parts, call, call.device)
    const gone = before.filter((podcast) => !wanted.has(podcast))
    const written = await turnSubscriptions(parts, call.sender(call.device), [...wanted], gone)
    return isRefusal(written) ? written : answer(200, '')
  })
}
