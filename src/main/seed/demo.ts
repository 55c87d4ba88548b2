import type { UserId } from '../../kernel/brand.ts'
import { isRefusal } from '../../kernel/refusal.ts'
import type { Instance } from '../compose.ts'
import { CommandError } from '../console.ts'
import { carryOut, type Order } from '../orders.ts'
import type { Device } from './listeners.ts'
import type { SeedRequest } from './requests.ts'

export interface DemoUser {
  readonly id: UserId
  readonly username: string
}

const app = 'example.balados-demo'

// biome-ignore lint/suspicious/noExplicitAny: an answer's shape is its endpoint's business
async function give(instance: Instance, user: DemoUser, device: Device | null, order: Order): Promise<any> {
  const said = await carryOut(instance, { ...user, author: { app, device } }, order)
  if (isRefusal(said)) throw new CommandError(`${order.method} ${order.path} for ${user.username}: ${said.message}`)
  return said.body
}

/**
 * Carries out a listener's requests one after the other, each device with the token of its last answer.
 *
 * @param tell called with the share of the whole that is done since it was called last
 */
export async function playOut(
  instance: Instance,
  user: DemoUser,
  requests: readonly SeedRequest[],
  tell: (part: number) => void,
): Promise<void> {
  const tokens = new Map<Device, string>()
  for (const request of requests) {
    const { device } = request
    if (request.what === 'share') {
      const { item, feed, comment } = request
      const order = { method: 'POST', path: '/episodes/{item}/share', params: { item }, query: { feed } }
      await give(instance, user, device, { ...order, body: { comment } })
    } else {
      const body = { last_sync: tokens.get(device) ?? null, changes: request.changes }
      const said = await give(instance, user, device, { method: 'POST', path: '/sync', body })
      // What is made here is known to fit: anything else is a mistake to be seen.
      if (said.rejected.length > 0 || said.conflicts.length > 0)
        throw new Error(
          `a sync of ${user.username} was not taken as sent: ${JSON.stringify([said.rejected, said.conflicts]).slice(0, 1_000)}`,
        )
      tokens.set(device, said.sync_token)
    }
    tell(1 / requests.length)
  }
}

/** What the instance now says of a listener, as it would tell any app. */
export async function lookAt(instance: Instance, user: DemoUser) {
  const get = (path: string, query: Order['query'] = {}) => give(instance, user, null, { method: 'GET', path, query })
  const { subscriptions } = await get('/subscriptions')
  const all = await get('/play', { limit: '1' })
  const finished = await get('/play', { limit: '1', played: 'true' })
  const { playlists } = await get('/playlists')
  const queue = await get('/queue')
  const { collections } = await get('/collections')
  const { effective } = await get('/privacy')
  const { lastNumber } = await instance.journal.head(user.id)
  return {
    listener: user.username,
    privacy: String(effective),
    podcasts: Number(subscriptions.length),
    plays: Number(all.pagination.total),
    finished: Number(finished.pagination.total),
    queued: Number(queue.items.length),
    playlists: playlists.filter((list: { id: string }) => list.id !== queue.id).length as number,
    collections: Number(collections.length),
    events: lastNumber,
  }
}
