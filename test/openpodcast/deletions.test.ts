import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGuids, mintGuid } from '../../src/podcast/guids.ts'
import { feedId, startServer, type TestServer } from '../support/instance.ts'
import { follow, freshFeed, listener } from './door.ts'

describe.each(['one', 'three'] as const)('in %s databases', (layout) => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({ layout })
  })
  afterAll(() => server.close())

  describe('deleting', () => {
    test('leaves the podcast, and tells so at the deletion, as 410 and to who asks since', async () => {
      const { door, app } = await listener(server)
      const [guid = '', kept = ''] = await follow(door, freshFeed(), freshFeed())
      const since = (await door.call('GET', `/subscriptions/${guid}`)).body.subscription_changed
      const { status, body } = await door.call('DELETE', `/subscriptions/${guid}`)
      expect(status).toBe(202)
      expect(await door.call('GET', `/deletions/${body.deletion_id}`)).toMatchObject({
        status: 200,
        body: { deletion_id: body.deletion_id, status: 'SUCCESS', message: expect.any(String) },
      })
      for (const method of ['GET', 'DELETE', 'PATCH']) {
        const change = method === 'PATCH' ? { is_subscribed: true } : undefined
        const gone = await door.call(method, `/subscriptions/${guid}`, change)
        expect([method, gone.status, gone.body.error_code]).toEqual([method, 410, 'GONE'])
      }
      expect((await door.call('GET', '/subscriptions')).body.subscriptions).toMatchObject([{ guid: kept }])
      const told = (await door.call('GET', `/subscriptions?since=${since}`)).body.subscriptions
      expect(told.find((each: { guid: string }) => each.guid === guid)).toMatchObject({
        is_subscribed: false,
        deleted: expect.any(String),
      })
      expect((await app.call('GET', '/subscriptions')).body.subscriptions).toHaveLength(1)
    })

    test('reaches who asks since the newest change of all, of a podcast that was left before too', async () => {
      const { door } = await listener(server)
      const [guid = '', busy = ''] = await follow(door, freshFeed(), freshFeed())
      await door.call('PATCH', `/subscriptions/${guid}`, { is_subscribed: false })
      // Writes in a row: their stamps run ahead of the clock.
      for (const is_subscribed of [false, true, false, true])
        await door.call('PATCH', `/subscriptions/${busy}`, { is_subscribed })
      const newest = (await door.call('GET', `/subscriptions/${busy}`)).body.subscription_changed
      expect((await door.call('DELETE', `/subscriptions/${guid}`)).status).toBe(202)
      const told = (await door.call('GET', `/subscriptions?since=${newest}`)).body.subscriptions
      expect(told.find((each: { guid: string }) => each.guid === guid)).toMatchObject({ deleted: expect.any(String) })
    })

    test('is undone by following again, through whatever door, and its deletion stays', async () => {
      const { door, app } = await listener(server)
      const url = freshFeed()
      const [guid] = await follow(door, url)
      const ids: number[] = []
      for (const again of [
        () => follow(door, url),
        () => app.call('POST', '/subscriptions', { rss_source_feed: feedId(url) }),
      ]) {
        ids.push((await door.call('DELETE', `/subscriptions/${guid}`)).body.deletion_id)
        expect((await door.call('GET', `/subscriptions/${guid}`)).status).toBe(410)
        await again()
        expect((await door.call('GET', `/subscriptions/${guid}`)).body).toMatchObject({ is_subscribed: true })
        // Merely left, it is not deleted any more.
        await app.call('DELETE', `/subscriptions/${feedId(url)}`)
        expect((await door.call('GET', `/subscriptions/${guid}`)).body).toMatchObject({ is_subscribed: false })
        await follow(door, url)
      }
      for (const id of ids) expect((await door.call('GET', `/deletions/${id}`)).body.status).toBe('SUCCESS')
    })

    test('is 410 also when it is no longer remembered that the podcast was left', async () => {
      const { door } = await listener(server)
      const [guid] = await follow(door, freshFeed())
      await door.call('DELETE', `/subscriptions/${guid}`)
      await server.instance.journal.readModels.purgeTombstones(Date.now() + 60_000)
      expect((await door.call('GET', `/subscriptions/${guid}`)).status).toBe(410)
    })

    test('is told to its listener alone', async () => {
      const { door } = await listener(server)
      const other = await listener(server)
      const [guid] = await follow(door, freshFeed())
      const { deletion_id } = (await door.call('DELETE', `/subscriptions/${guid}`)).body
      expect((await other.door.call('GET', `/deletions/${deletion_id}`)).status).toBe(404)
      expect((await door.call('GET', `/deletions/${deletion_id + 1}`)).status).toBe(404)
      expect((await door.call('GET', '/deletions/none')).status).toBe(400)
    })
  })

  describe('beside the REST API', () => {
    test('both doors see what the other did', async () => {
      const { door, app } = await listener(server)
      const [here, there] = [freshFeed(), freshFeed()]
      const [guid] = await follow(door, here)
      await app.call('POST', '/subscriptions', { rss_source_feed: feedId(there) })
      const rest = (await app.call('GET', '/subscriptions')).body.subscriptions
      expect(rest.map((each: { rss_source_feed: string }) => each.rss_source_feed).toSorted()).toEqual(
        [feedId(here), feedId(there)].toSorted(),
      )
      const open = (await door.call('GET', '/subscriptions')).body.subscriptions
      expect(open.map((each: { guid: string }) => each.guid).toSorted()).toEqual([guid, mintGuid(there)].toSorted())
      await app.call('DELETE', `/subscriptions/${feedId(here)}`)
      expect((await door.call('GET', `/subscriptions/${guid}`)).body.is_subscribed).toBe(false)
    })
  })

  describe('a guid', () => {
    test('that is seen in the feed later follows the first one, which stays an alias', async () => {
      const { door } = await listener(server)
      const url = freshFeed()
      const [minted = ''] = await follow(door, url)
      const podcast = (await server.instance.catalog.knownPodcast(url)) ?? undefined
      if (podcast === undefined) throw new Error('not in the catalog')
      const own = '9b024349-ccf0-5f69-a609-6b82873eab3c'
      const seen = Date.now() + 60_000
      await createGuids(server.fresh.stores.system, server.instance.catalog, () => seen).learn(podcast, own)
      const guid_changed = new Date(seen).toISOString()
      expect((await door.call('GET', `/subscriptions/${minted}`)).body).toMatchObject({
        guid: minted,
        new_guid: own,
        guid_changed,
      })
      const byOwn = (await door.call('GET', `/subscriptions/${own}`)).body
      expect(byOwn).toMatchObject({ guid: own, guid_changed })
      expect(byOwn).not.toHaveProperty('new_guid')
      const since = async (time: number) =>
        (await door.call('GET', `/subscriptions?since=${new Date(time).toISOString()}`)).body.subscriptions
      expect(await since(seen - 1000)).toMatchObject([{ guid: minted, new_guid: own }])
      expect(await since(seen)).toMatchObject([{ guid: own }])
      expect(await since(seen + 1000)).toEqual([])
      // Following it again answers the guid that counts.
      expect(await follow(door, url)).toEqual([own])
    })

    test('that two feeds would share is given to the first alone', async () => {
      const { door } = await listener(server)
      const url = `${freshFeed()}?page=1`
      const [one, two] = await follow(door, url, `${url}/`)
      expect(one).not.toBe(two)
      expect((await door.call('GET', '/subscriptions')).body.total).toBe(2)
      expect((await door.call('GET', `/subscriptions/${two}`)).body.feed_url).toBe(`${url}/`)
    })
  })
})
