import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { transaction } from '../../src/database/store.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { feedId, startServer, type TestServer } from '../support/instance.ts'

/** Read models in a database of their own are a follower that every server has. */
let server: TestServer
beforeAll(async () => {
  server = await startServer({ layout: 'three' })
})
afterAll(() => server.close())

// biome-ignore lint/suspicious/noExplicitAny: what a server says is looked at, not trusted
async function ready(wanted: number): Promise<any> {
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`${server.url}/ready`)
    if (answer.status === wanted || tries > 100) {
      expect(answer.status).toBe(wanted)
      return answer.json()
    }
    await sleep(100)
  }
}

/** As a newer server would have written it. */
const setVersion = (user: UserId, version: number) =>
  transaction(server.fresh.stores.events.pool, async (client) => {
    await client.query("set local session_replication_role = 'replica'")
    await client.query('update events.events set version = $2 where user_id = $1', [user, version])
  })

const caughtUp = async () => {
  for (let tries = 0; tries < 100; tries++) {
    const states = await server.instance.following.states()
    if (states.every(({ position, lag }) => position > 0 && lag === 0)) return
    await sleep(50)
  }
  throw new Error('the followers do not catch up')
}

const metric = async (name: string) =>
  (await (await fetch(`${server.url}/metrics`)).text()).split('\n').find((line) => line.startsWith(name))

test('a follower that met an event it can not apply shows in /ready and /metrics until it is let go on', async () => {
  const app = await server.allow(await server.addUser())
  const other = await server.allow(await server.addUser())
  const follow = (n: number) => ({ rss_source_feed: feedId(`https://feeds.example/stopped-${n}.xml`) })
  await app.call('POST', '/subscriptions', follow(1))
  expect(await ready(200)).toMatchObject({ status: 'ready' })

  await caughtUp()
  // The event stands in the journal, its read model was never written, and now nobody here understands it.
  const { projections } = server.fresh.stores
  await setVersion(app.user, 9)
  await projections.pool.query('delete from projections.progress where user_id = $1', [app.user])
  await projections.pool.query("update projections.followers set position = 0 where name = 'read-models'")
  await other.call('POST', '/subscriptions', follow(2))

  const { checks } = await ready(503)
  expect(checks.followers).toMatchObject({
    ok: false,
    message: expect.stringMatching(/read-models stopped at 1: .*version 9/),
  })
  expect(checks.database).toEqual({ ok: true })
  expect(await metric('balados_follower_stopped')).toMatch(/follower="read-models".* 1/)
  expect((await fetch(`${server.url}/health`)).status).toBe(200)
  // Everybody else goes on.
  await other.call('POST', '/subscriptions', follow(3))
  expect((await other.call('GET', '/subscriptions')).body.subscriptions).toHaveLength(2)

  await setVersion(app.user, 1)
  await sleep(1_500)
  await ready(503)
  for (const name of ['read-models', 'public']) await server.instance.following.retry(name)
  await ready(200)
  expect((await app.call('GET', '/subscriptions')).body.subscriptions).toHaveLength(1)
  expect(await metric('balados_follower_stopped')).toMatch(/follower="read-models".* 0/)
})
