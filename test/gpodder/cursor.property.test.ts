import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { runs } from '../support/runs.ts'
import { type Client, startClient } from './client.ts'

/** Two web processes of one instance: what one of them remembers of a client, the other must not have to know. */
let servers: readonly [TestServer, TestServer]
beforeAll(async () => {
  const first = await startServer()
  servers = [first, await startServer({ beside: first })]
})
afterAll(async () => {
  await servers[1].close()
  await servers[0].close()
})

const feed = 'https://feeds.example/a.xml'
const episode = (n: number) => `https://media.example/${n}.mp3`

interface Play {
  readonly guid: string
  readonly timestamp: string
  readonly position: number
}

/** A client that keeps what it was told and what it did itself, the newest of each episode, as they all do. */
function gadget(client: Client, device: string, byCookie: boolean, extra: 0 | 1) {
  const known = new Map<string, Play>()
  let since = 0
  const learn = (play: Play) => {
    if (play.timestamp >= (known.get(play.guid)?.timestamp ?? '')) known.set(play.guid, play)
  }
  const ask = async (server: TestServer, method: string, query: string, body?: unknown) => {
    const path = `/api/2/episodes/${client.u}.json${query}`
    const say = byCookie ? client.callAt : client.basicAt
    const said = await say(server.url, method, path, body)
    expect(said.status).toBe(200)
    since = said.body.timestamp === 0 ? 0 : said.body.timestamp + extra
    return said.body
  }
  return {
    known,
    async pull(server: TestServer) {
      for (const { guid, timestamp, position } of (await ask(server, 'GET', `?since=${since}`)).actions)
        learn({ guid, timestamp, position })
    },
    async push(server: TestServer, n: number, at: number) {
      const timestamp = new Date(Date.UTC(2026, 0, 1) + at * 1000).toISOString().slice(0, 19)
      const play = { guid: `guid-${n}`, timestamp, position: at }
      learn(play)
      const action = { podcast: feed, episode: episode(n), device, action: 'play', started: 0, total: 36_000, ...play }
      await ask(server, 'POST', '', [action])
    },
  }
}

const step = fc.record({
  who: fc.nat(3),
  where: fc.constantFrom(0, 1),
  what: fc.constantFrom('pull', 'push'),
  episode: fc.nat(2),
})

test('whoever uploads and comes back with the answer’s stamp misses nothing that others wrote, through whatever process', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 4, maxLength: 24 }),
      fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(0 as const, 1 as const))),
      async (steps, extras) => {
        const first = await startClient(servers[0])
        const clients = [first, await startClient(servers[0], first), await startClient(servers[0], first)]
        for (const client of clients) await client.basic('POST', `/api/2/auth/${client.u}/login.json`)
        const rest = await servers[0].allow(first.user)
        const gadgets = clients.map((client, i) => gadget(client, `device-${i}`, i < 2, extras[i] ?? 0))
        let at = 0
        for (const { who, where, what, episode: n } of steps) {
          const [server, one] = [servers[where as 0 | 1], gadgets[who]]
          at++
          if (one) await (what === 'pull' ? one.pull(server) : one.push(server, n, at))
          else {
            const names = { rss_source_feed: feedId(feed), rss_source_item: itemId(`guid-${n}`, episode(n)) }
            expect((await rest.call('POST', '/play', { ...names, position: at, played: false })).status).toBe(200)
          }
        }
        for (const one of gadgets) await one.pull(servers[0])
        const fresh = gadget(first, 'new', false, 0)
        await fresh.pull(servers[1])
        for (const one of gadgets) expect(one.known).toEqual(fresh.known)
      },
    ),
    { numRuns: runs(25, 200) },
  )
}, 900_000)
