import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  authorizationUrl,
  createKeyPair,
  differences,
  type Grant,
  readRedirect,
} from '../../clients/typescript/src/index.ts'
import { allowInBrowser } from '../../examples/client/person.ts'
import { freePort } from '../support/instance.ts'
import { balados, dataFolder, type Server, startProcess } from '../support/process.ts'
import { episode, feed, gadget } from './gadgets.ts'

const person = { username: 'alice', password: 'correct horse battery' }
const mine = { id: 'org.example.restart', name: 'Restart', keys: await createKeyPair() }

let folder: Awaited<ReturnType<typeof dataFolder>>
let env: Record<string, string>
let server: Server
let grant: Grant

beforeAll(async () => {
  folder = await dataFolder()
  env = { PORT: String(await freePort()), DATA_DIR: folder.path, LOG_LEVEL: 'error' }
  server = await startProcess(env)
  expect(balados(env, ['user', 'add', person.username], `${person.password}\n`).status).toBe(0)
  const asked = { app: mine, server: server.url, scopes: ['user.sync'], redirectUri: 'org.example.restart:/allowed' }
  grant = readRedirect(await allowInBrowser(await authorizationUrl({ ...asked, state: 's' }), person), 's')
})
afterAll(async () => {
  await server.kill('SIGTERM')
  await folder.remove()
})

test('a server that is killed in the middle of a sync and started again gets every edit once', {
  timeout: 120_000,
}, async () => {
  const app = { app: mine, grant }
  const phone = await gadget(app, { retries: 12 })
  const tablet = await gadget(app, { retries: 12 })
  await phone.sync()
  await tablet.sync()
  for (const delay of [0, 15, 60]) {
    for (let n = 0; n < 30; n++) await phone.listen(episode(n), delay * 10 + n)
    await phone.subscribe(feed(delay % 3))
    await phone.createPlaylist({ name: `After ${delay} ms`, items: [episode(delay)] })
    await tablet.listen(episode(1), 3_000 + delay)
    const syncing = Promise.all([phone.sync(), tablet.sync()])
    await sleep(delay)
    await server.kill('SIGKILL')
    server = await startProcess(env)
    await syncing
  }
  await phone.sync()
  await tablet.sync()
  await phone.sync()
  expect(differences(phone.shelf, tablet.shelf)).toEqual([])
  expect(phone.shelf.plays[episode(1)]?.position).toBe(3_060)
  const fresh = await gadget(app)
  await fresh.sync()
  expect(differences(fresh.shelf, phone.shelf)).toEqual([])
  expect(
    Object.values(fresh.shelf.playlists)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['After 0 ms', 'After 15 ms', 'After 60 ms'])
})
