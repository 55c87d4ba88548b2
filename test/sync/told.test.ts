import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FreshStores, freshStores } from '../support/database.ts'
import { before } from '../support/journal-crash.ts'
import { type Doors, openDoors, somebody } from '../support/journal-doors.ts'
import { episodes, feeds } from '../support/journal-names.ts'

const [one] = episodes as [(typeof episodes)[number]]
const episode = { rss_source_feed: one.feed, rss_source_item: one.item }
const [feed] = feeds as [string]
const list = '00000000-0000-4000-8000-00000000000a'
const t = (seconds: number) => new Date(Date.UTC(2026, 10, 22, 9, 0, seconds)).toISOString()
const now = Date.UTC(2026, 10, 22, 10)

let fresh: FreshStores
let doors: Doors
beforeAll(async () => {
  fresh = await freshStores()
  doors = openDoors(fresh.stores)
})
afterAll(() => fresh.close())

/** A listener's devices: each keeps its token, and `sync` answers the changes it was told. */
function listener(at: Doors = doors) {
  const user = somebody()
  const tokens = new Map<string, string>()
  return {
    user,
    async sync(device: string, changes: object = {}) {
      const last_sync = tokens.get(device) ?? null
      const { status, body } = await at.call('post', '/sync', { user, device, now, body: { last_sync, changes } })
      expect(status).toBe(200)
      tokens.set(device, body.sync_token)
      return body.changes
    },
    command: (device: string, method: 'post' | 'put' | 'patch', path: string, knock: object) =>
      at.call(method, path, { user, device, now, ...knock }),
  }
}

describe('a device that says only part of a thing is told the rest where another device changed it', () => {
  test('the duration of an episode it moved in', async () => {
    const { sync } = listener()
    await sync('phone')
    await sync('tablet', { plays: [{ ...episode, position: 10, played: false, duration: 3600, updated_at: t(1) }] })
    const told = await sync('phone', { plays: [{ ...episode, position: 20, played: false, updated_at: t(2) }] })
    expect(told.plays).toMatchObject([{ position: 20, duration: 3600 }])
  })

  test('the new name of a list it put something on', async () => {
    const { sync } = listener()
    const road = { id: list, name: 'Road', items: [], updated_at: t(1) }
    await sync('phone', { playlists: [road] })
    await sync('tablet')
    await sync('tablet', { playlists: [{ id: list, name: 'Rail', updated_at: t(2) }] })
    const told = await sync('phone', { playlists: [{ id: list, items: [episode], updated_at: t(3) }] })
    expect(told.playlists).toMatchObject([{ name: 'Rail', items: [episode] }])
  })
})

test('a device whose clock was set back between two edits is told which of them stands', async () => {
  const { sync } = listener()
  await sync('phone')
  const told = await sync('phone', {
    plays: [
      { ...episode, position: 10, played: false, updated_at: t(50) },
      { ...episode, position: 20, played: false, updated_at: t(5) },
    ],
  })
  const [full] = (await sync('tablet')).plays
  // Either order is right, as long as the device learns of it when it is not the one it shows.
  expect(full.position === 20 || told.plays[0]?.position === full.position).toBe(true)
})

describe('a device that gives direct commands is told by its next sync what others had changed of the same thing', () => {
  test('that an episode was played, when it only moved the position', async () => {
    const { sync, command } = listener()
    await sync('phone', { plays: [{ ...episode, position: 10, played: false, updated_at: t(1) }] })
    await sync('tablet')
    await sync('tablet', { plays: [{ ...episode, position: 10, played: true, updated_at: t(2) }] })
    await command('phone', 'put', '/play/{item}/position', { params: { item: one.item }, body: { position: 30 } })
    expect((await sync('phone')).plays).toMatchObject([{ position: 30, played: true }])
  })

  test('what is on a list, when it only renamed it', async () => {
    const { sync, command } = listener()
    await sync('phone', { playlists: [{ id: list, name: 'Road', items: [], updated_at: t(1) }] })
    await sync('tablet')
    await sync('tablet', { playlists: [{ id: list, items: [episode], updated_at: t(2) }] })
    await command('phone', 'patch', '/playlists/{id}', { params: { id: list }, body: { name: 'Rail' } })
    expect((await sync('phone')).playlists).toMatchObject([{ name: 'Rail', items: [episode] }])
  })
})

test('what another device wrote between the reading of the read models and of the token is not missed', async () => {
  const three = await freshStores('three')
  const tablet = openDoors(three.stores)
  let meanwhile = async () => {}
  const phone = openDoors(
    before(three.stores, 'events', async (statement) => {
      if (!statement.startsWith('journal-head')) return
      const happens = meanwhile
      meanwhile = async () => {}
      await happens()
    }),
  )
  const { user, sync } = listener(phone)
  await sync('phone')
  // The tablet's process dies between its append and its read models, just before the phone's looks at the journal.
  const dying = openDoors(
    before(three.stores, 'projections', (statement) => {
      if (statement.startsWith('project-')) throw new Error('killed')
    }),
  )
  const entry = { rss_source_feed: feed, subscribed_at: t(1), unsubscribed_at: null }
  meanwhile = async () => {
    const body = { changes: { subscriptions: [entry] } }
    await expect(dying.call('post', '/sync', { user, device: 'tablet', now, body })).rejects.toThrow('killed')
  }
  const told = [...(await sync('phone')).subscriptions, ...(await sync('phone')).subscriptions]
  expect(told).toMatchObject([{ rss_source_feed: feed }])
  expect((await tablet.call('get', '/subscriptions', { user })).body.subscriptions).toHaveLength(1)
  await three.close()
})
