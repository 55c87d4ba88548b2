import { z } from 'zod'
import { rows, type Statement } from '../database/store.ts'
import type { PodcastId } from '../kernel/brand.ts'
import { type Answer, answer } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuse, refuseValue } from '../kernel/refusal.ts'
import { everything } from '../podcast/seen.ts'
import { type SubscriptionRow, subscription } from '../subscriptions/index.ts'
import { subscriptionsOf } from '../subscriptions/queries.ts'
import { readSince, tellAfterUpload, tellNow } from './cursor.ts'
import { seen } from './devices.ts'
import { app, type Call, type Door, type DoorParts } from './door.ts'
import { feedUrls, nameFeeds } from './feeds.ts'
import { readFeeds, readFormat, writeFeeds } from './formats.ts'

const urls = z.array(z.string()).nullish()
const upload = z.object({ add: urls, remove: urls })

const changedSince: Statement = {
  name: 'gpodder-subscriptions-since',
  text: `select * from projections.subscriptions where user_id = $1 and stamp >= $2 order by number, podcast_id`,
}

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

  /** Subscribes to and leaves podcasts: what is so already stays as it is, so that a repeated upload adds nothing. */
  async function change(call: Call, add: readonly PodcastId[], remove: readonly PodcastId[]): Promise<Refusal | null> {
    const origin = call.origin(call.device)
    const said = await journal.commit(origin, async (unit) => {
      await unit.load(subscription, [...add, ...remove])
      const at = origin.now
      for (const [active, podcasts] of [[false, remove] as const, [true, add] as const]) {
        for (const podcast of podcasts) {
          const known = unit.state(subscription, podcast).active
          const edit = { active, sourceId: null, at, sentAt: at, seen: everything, known }
          const decided = unit.decide(subscription, podcast, edit)
          if (isRefusal(decided)) return decided
        }
      }
      return answer(200, null)
    })
    return isRefusal(said) ? said : null
  }

  on(['get'], '/api/2/subscriptions/:user/:device.json', async (call) => {
    const since = readSince(call.query('since'))
    if (isRefusal(since)) return since
    const { user, device } = call
    if (!(await accounts.devices.find(user, app, device ?? ''))) return refuse('not_found', 'There is no such device.')
    const timestamp = await tellNow(parts, call, 'subscriptions')
    const found = await rows<SubscriptionRow>(await reading(user), changedSince, [user, since])
    const names = await feedUrls(
      catalog,
      found.map((row) => row.podcast_id),
    )
    const shown = (active: boolean) =>
      found.filter((row) => row.active === active).flatMap((row) => names.get(row.podcast_id) ?? [])
    // Who begins is told what there is: what once went is none of the client's, and might be what it brings itself.
    return answer(200, { add: shown(true), remove: since === 0 ? [] : shown(false), timestamp })
  })

  on(['post'], '/api/2/subscriptions/:user/:device.json', async (call) => {
    const body = await call.json()
    if (isRefusal(body)) return body
    const said = upload.safeParse(body)
    if (!said.success) return refuseValue('body', 'is not {"add": […], "remove": […]} with lists of feed URLs')
    const [add, remove] = [said.data.add ?? [], said.data.remove ?? []]
    const named = await nameFeeds(catalog, [...add, ...remove])
    const ids = (sent: readonly string[]) => [...new Set(sent.map(named.podcast).filter((id) => id !== null))]
    const [added, removed] = [ids(add), ids(remove)]
    if (added.some((id) => removed.includes(id))) return refuseValue('remove', 'holds a feed that `add` holds too')
    await seen(parts, call, call.device)
    const refusal = await change(call, added, removed)
    if (refusal) return refusal
    const timestamp = await tellAfterUpload(parts, call, 'subscriptions', [call.device ?? ''])
    return answer(200, { timestamp, update_urls: named.updates })
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
    if (before !== null && second - before <= confirmWithin) return true
    await stamps.tell(user, 'emptying', clients, second, now)
    return false
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
    return (await change(call, [...wanted], gone)) ?? answer(200, '')
  })
}
