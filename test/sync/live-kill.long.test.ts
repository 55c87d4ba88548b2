import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { type App, feedId, freePort, itemId, startServer } from '../support/instance.ts'
import { secret } from '../support/journal-doors.ts'
import { playTokenFor } from '../support/live.ts'
import { createLiveReader, learn } from '../support/live-reader.ts'
import { dataFolder, type Server, startProcess } from '../support/process.ts'

const feed = feedId('https://feeds.example/killed.rss')
const item = (i: number) => itemId(`guid-${i}`, `https://media.example/${i}.mp3`)
const rounds = 8
const people = 5
const devices = 6

test('when a web process is killed with open channels, their clients go on at the other and miss nothing', async () => {
  // This one adds users and looks at what stands in the end; it hears no request meanwhile.
  const here = await startServer()
  const folder = await dataFolder()
  const start = async (): Promise<Server> =>
    startProcess({
      DATABASE_URL: here.fresh.urls.events,
      DATA_DIR: folder.path,
      SECRET_KEY_BASE: secret,
      PORT: String(await freePort()),
      LOG_LEVEL: 'fatal',
      RATE_LIMITS: 'off',
    })
  const webs = await Promise.all([start(), start()])
  onTestFinished(async () => {
    await Promise.all(webs.map((web) => web.kill('SIGKILL')))
    await here.close()
    await folder.remove()
  })

  const listeners = await Promise.all(
    Array.from({ length: people }, async () => {
      const app = await here.allow(await here.addUser())
      const token = await playTokenFor(here, app.user)
      const { sync_token } = (await app.call('post', '/sync', { changes: {} })).body
      return { app, readers: Array.from({ length: devices }, () => createLiveReader(token, sync_token)) }
    }),
  )
  const readers = listeners.flatMap((listener) => listener.readers)

  let writing = true
  let listening = true
  /** Opens a channel where there is none, at whichever process answers. */
  const keepOpen = readers.map(async (reader, i) => {
    for (let tries = i; listening; await sleep(20)) {
      if (reader.isOpen()) continue
      const web = webs[tries++ % 2] as Server
      await reader.attach(web.url, i % 2 === 0 ? 'websocket' : 'events').catch(() => undefined)
    }
    reader.die()
  })

  const post = async (app: App, i: number, position: number) => {
    const body = { rss_source_feed: feed, rss_source_item: item(i), position, played: false }
    const headers = { authorization: app.bearer(), 'content-type': 'application/json' }
    const web = webs[position % 2] as Server
    await fetch(`${web.url}/api/v1/play`, { method: 'POST', headers, body: JSON.stringify(body) }).catch(
      () => undefined,
    )
  }
  let position = 0
  const write = listeners.map(async ({ app }) => {
    while (writing) await post(app, position % 7, ++position)
  })

  for (let round = 0; round < rounds; round++) {
    for (let waited = 0; !readers.every((reader) => reader.isOpen()); waited++) {
      expect(waited).toBeLessThan(1_000)
      await sleep(20)
    }
    await sleep(100 + ((round * 37) % 150))
    await webs[round % 2]?.kill('SIGKILL')
    await sleep(300)
    webs[round % 2] = await start()
  }
  expect(position).toBeGreaterThan(rounds * people)

  writing = false
  await Promise.all(write)

  const alike = async () => {
    for (const { app, readers } of listeners) {
      const { changes } = (await app.call('post', '/sync', { changes: {} })).body
      const all = JSON.stringify([...learn(new Map(), changes)].sort())
      if (readers.some((reader) => JSON.stringify([...reader.known()].sort()) !== all)) return false
    }
    return true
  }
  for (const until = Date.now() + 20_000; !(await alike()) && Date.now() < until; ) await sleep(50)
  expect(await alike()).toBe(true)
  listening = false
  await Promise.all(keepOpen)
}, 300_000)
