import { generateKeyPairSync } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findEmbedded } from '../../src/database/embedded.ts'
import { feedId, freePort, itemId, signed } from '../support/instance.ts'
import { balados, dataFolder, type Server, startProcess } from '../support/process.ts'

const password = 'correct horse battery\n'

/** An app allowed for a user, straight in the data folder's database. */
async function allowApp(dataDir: string, username: string) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const running = await findEmbedded(dataDir)
  if (!running) throw new Error('no database')
  const client = new pg.Client(running.url())
  await client.connect()
  await client.query(
    `insert into system.app_tokens (user_id, app_id, name, public_key, scopes, authorized_at)
     select id, 'start.test', 'Start test', $2, '{*}', now() from system.users where username = $1`,
    [username, publicKey.export({ type: 'spki', format: 'pem' })],
  )
  await client.end()
  const now = Math.floor(Date.now() / 1000)
  return `Bearer ${signed({ iss: 'start.test', sub: username, iat: now, exp: now + 3600 }, privateKey)}`
}

describe('a server on its own database', () => {
  let folder: Awaited<ReturnType<typeof dataFolder>>
  let env: Record<string, string>
  let server: Server

  beforeAll(async () => {
    folder = await dataFolder()
    env = { PORT: String(await freePort()), DATA_DIR: folder.path, LOG_LEVEL: 'info' }
    server = await startProcess(env)
  })
  afterAll(async () => {
    await server.kill('SIGTERM')
    await folder.remove()
  })

  test('is ready, and logs no secret', async () => {
    expect((await fetch(`${server.url}/ready`)).status).toBe(200)
    expect(server.output()).toContain('Balados Sync is ready')
    expect(server.output()).not.toMatch(/postgres:\/\//)
  })

  test('takes accounts from the command line beside it', () => {
    expect(balados(env, ['user', 'add', 'alice'], password)).toMatchObject({ status: 0 })
    const again = balados(env, ['user', 'add', 'alice'], password)
    expect(again.status).toBe(1)
    expect(again.err).not.toContain('    at ')
  })

  test('tells a second server on the same data folder plainly that it is one too many', async () => {
    const second = await startProcess({ ...env, PORT: String(await freePort()) })
    expect(await second.ended).toBe(1)
    expect(second.output()).toContain('Another server is running on the data directory')
    expect(second.output()).not.toContain('    at ')
  })

  test('keeps every acknowledged write through kill -9', async () => {
    const bearer = await allowApp(folder.path, 'alice')
    const acknowledged = new Map<string, number>()
    const headers = { authorization: bearer, 'content-type': 'application/json' }
    const writer = async (n: number) => {
      for (let i = 0; ; i++) {
        const rss_source_item = itemId(`g-${n}-${i % 5}`, `https://media.example/${n}/${i % 5}.mp3`)
        const body = {
          rss_source_feed: feedId(`https://feeds.example/${n}`),
          rss_source_item,
          position: i,
          played: false,
        }
        const answer = await fetch(`${server.url}/api/v1/play`, {
          method: 'POST',
          headers,
          body: JSON.stringify(body),
        }).catch(() => null)
        if (answer?.status !== 200) return
        acknowledged.set(rss_source_item, i)
      }
    }
    const writing = Promise.all([0, 1, 2, 3].map(writer))
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await server.kill('SIGKILL')
    await writing
    server = await startProcess(env)

    expect(acknowledged.size).toBeGreaterThan(10)
    const found = new Map<string, number>()
    const page = await fetch(`${server.url}/api/v1/play?limit=100`, { headers })
    for (const status of ((await page.json()) as { play_statuses: { rss_source_item: string; position: number }[] })
      .play_statuses) {
      found.set(status.rss_source_item, status.position)
    }
    // The very last write may have been done and not yet acknowledged.
    for (const [item, position] of acknowledged) expect(found.get(item)).toBeGreaterThanOrEqual(position)
    expect(balados(env, ['doctor'])).toMatchObject({ status: 0 })
  })

  test('stops in order when told to, and its database with it', async () => {
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    expect(await findEmbedded(folder.path)).toBeNull()
    server = await startProcess(env)
  })
})

test('a taken port is said in a sentence', async () => {
  const first = await dataFolder()
  const second = await dataFolder()
  const port = String(await freePort())
  const running = await startProcess({ PORT: port, DATA_DIR: first.path, LOG_LEVEL: 'silent' })
  const late = balados({ PORT: port, DATA_DIR: second.path, LOG_LEVEL: 'silent' }, ['start'])
  expect(late.status).toBe(1)
  expect(late.err).toContain(`Port ${port} is taken`)
  expect(late.err).not.toContain('    at ')
  await running.kill('SIGTERM')
  await first.remove()
  await second.remove()
})

test('every wrong configuration value is named, and none of them repeated', async () => {
  const wrong = {
    PORT: 'ninety',
    PUBLIC_URL: 'ftp://secret-host',
    DATABASE_URL: 'mysql://user:hunter2@db/x',
    SECRET_KEY_BASE: 'short',
    ROLE: 'boss',
    REGISTRATION: 'maybe',
    FEDERATION: 'yes',
    LOG_LEVEL: 'loud',
    TRUST_PROXY: 'some',
    ALLOW_PRIVATE_ADDRESSES: 'perhaps',
    RATE_LIMITS: 'few',
    SMTP_URL: 'http://mail',
    PLAY_DOMAIN: 'not a domain',
  }
  const ended = balados(wrong, ['start'])
  expect(ended.status).toBe(1)
  for (const name of Object.keys(wrong)) expect(ended.err).toContain(name)
  expect(ended.err).not.toMatch(/hunter2|secret-host| {4}at /)
})

test.runIf(process.getuid?.() === 0)('runs as an ordinary user too', async () => {
  const folder = await dataFolder()
  const { chown } = await import('node:fs/promises')
  await chown(folder.path, 65534, 65534)
  const env = { PORT: String(await freePort()), DATA_DIR: `${folder.path}/data`, HOME: folder.path }
  const server = await startProcess(env, { uid: 65534, gid: 65534 })
  expect((await fetch(`${server.url}/ready`)).status).toBe(200)
  await server.kill('SIGTERM')
  await folder.remove()
})
