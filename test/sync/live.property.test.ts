import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { type LiveClient, openLive, playTokenFor } from '../support/live.ts'
import { runs } from '../support/runs.ts'

const feed = feedId('https://feeds.example/cuts.rss')
const item = (i: number) => itemId(`guid-${i}`, `https://media.example/${i}.mp3`)

/** Two servers on one database. */
let here: TestServer
let there: TestServer
beforeAll(async () => {
  here = await startServer()
  there = await startServer({ beside: here })
})
afterAll(async () => {
  await there.close()
  await here.close()
})

const somebody = async (): Promise<App> => here.allow(await here.addUser())
const play = (app: App, i: number, position: number) =>
  app.call('post', '/play', { rss_source_feed: feed, rss_source_item: item(i), position, played: false })

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('play' as const), episode: fc.nat(5), position: fc.nat(900) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), server: fc.nat(1) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(30) }) },
  ),
  { minLength: 5, maxLength: 25 },
)

test('a reader that is cut off at random and resumes from its token misses nothing', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const app = await somebody()
      const token = await playTokenFor(here, app.user)
      const known = new Map<string, number>()
      let last: string | undefined
      let client: LiveClient | undefined
      const attach = async (url: string) => {
        const made = await openLive(url, token)
        made.socket.on('message', (data) => {
          const frame = JSON.parse(String(data))
          if (made !== client) return
          if (frame.type === 'change') {
            last = frame.sync_token
            for (const p of frame.changes.plays) known.set(p.rss_source_item, p.position)
          }
        })
        client = made
        const answer = await made.ask({ type: 'subscribe', ...(last === undefined ? {} : { since: last }) })
        last ??= answer.data.sync_token
      }
      await attach(there.url)
      const expected = new Map<string, number>()
      for (const step of script) {
        if (step.do === 'wait') await sleep(step.ms)
        else if (step.do === 'cut') {
          client?.socket.terminate()
          await attach(step.server === 0 ? here.url : there.url)
        } else {
          await play(app, step.episode, step.position)
          expected.set(item(step.episode), step.position)
        }
      }
      const same = () => JSON.stringify([...known].sort()) === JSON.stringify([...expected].sort())
      for (const until = Date.now() + 5_000; !same() && Date.now() < until; ) await sleep(10)
      client?.socket.terminate()
      expect(Object.fromEntries(known)).toEqual(Object.fromEntries(expected))
    }),
    { numRuns: runs(15, 300) },
  )
}, 600_000)
