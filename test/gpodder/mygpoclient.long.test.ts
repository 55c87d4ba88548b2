import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/instance.ts'
import { appPasswordOf } from './client.ts'

const run = promisify(execFile)
const script = fileURLToPath(new URL('drive-mygpoclient.py', import.meta.url))
const python = '/usr/bin/python3'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  install()
}, 300_000)
afterAll(() => server.close())

/** Debian's package, where it is missing; needs root, as continuous integration has it. */
function install(): void {
  try {
    execFileSync(python, ['-c', 'import mygpoclient.api'], { stdio: 'ignore' })
  } catch {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    execFileSync('apt-get', ['update', '-qq'], { env })
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'python3-mygpoclient'], { env })
  }
}

test('gPodder’s own library logs in, names devices, subscribes, and takes actions from one device to another', async () => {
  const { id, username } = await server.addUser()
  const { secret } = await appPasswordOf(server, id)
  const { stdout } = await run(python, [script, server.url, username, secret])
  const [a, b] = ['https://feeds.example/a.xml', 'https://feeds.example/b.xml']
  const action = { podcast: a, episode: 'https://media.example/1.mp3', device: 'pocket' }
  expect(JSON.parse(stdout)).toEqual({
    devices: [['desk', 'My desk', 'desktop', 0]],
    updates: [[` ${b} `, b]],
    pulled: [[a, b], []],
    left: [b],
    simple: [a],
    put: true,
    again: [b],
    none: 0,
    actions: [
      { ...action, action: 'download', timestamp: '2026-01-01T10:00:00' },
      { ...action, action: 'play', timestamp: '2026-01-01T10:00:05', started: 0, position: 120, total: 1800 },
    ],
    'nothing more': 0,
  })
})
