import { generateKeyPairSync } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, test } from 'vitest'
import { findEmbedded } from '../../src/database/embedded.ts'
import { feedId, freePort, itemId, signed } from '../support/instance.ts'
import { balados, dataFolder, startProcess } from '../support/process.ts'

/** Kill -9 at random moments under load: each acknowledged write is there, once, and the doctor finds nothing. */
test('kill -9 at 20 random moments loses no acknowledged write', { timeout: 600_000 }, async () => {
  const folder = await dataFolder()
  const env = { PORT: String(await freePort()), DATA_DIR: folder.path, LOG_LEVEL: 'error', RATE_LIMITS: 'off' }
  let server = await startProcess(env)
  balados(env, ['user', 'add', 'alice'], 'correct horse battery\n')
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const running = await findEmbedded(folder.path)
  const client = new pg.Client(running?.url() ?? '')
  await client.connect()
  await client.query(
    `insert into system.app_tokens (user_id, app_id, name, public_key, scopes, authorized_at)
     select id, 'kill.test', 'Kill test', $1, '{*}', now() from system.users where username = 'alice'`,
    [publicKey.export({ type: 'spki', format: 'pem' })],
  )
  await client.end()
  const now = Math.floor(Date.now() / 1000)
  const authorization = `Bearer ${signed({ iss: 'kill.test', sub: 'alice', iat: now, exp: now + 7200 }, privateKey)}`
  const headers = { authorization, 'content-type': 'application/json' }

  const acknowledged = new Map<string, number>()
  let seed = 20261122
  const random = (n: number) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    return (seed >> 8) % n
  }
  for (let round = 0; round < 20; round++) {
    let written = 0
    const writer = async (n: number) => {
      for (let i = 0; ; i++) {
        const item = itemId(`g-${n}-${i % 9}`, `https://media.example/${n}/${i % 9}.mp3`)
        const position = round * 10_000 + i
        const body = {
          rss_source_feed: feedId(`https://feeds.example/${n}`),
          rss_source_item: item,
          position,
          played: false,
        }
        const answer = await fetch(`${server.url}/api/v1/play`, {
          method: 'POST',
          headers: { ...headers, 'idempotency-key': `${round}-${n}-${i}` },
          body: JSON.stringify(body),
        }).catch(() => null)
        if (answer?.status !== 200) return
        acknowledged.set(item, position)
        written++
      }
    }
    const writing = Promise.all([0, 1, 2, 3, 4, 5].map(writer))
    // In the middle of writing, however slow the machine is.
    const enough = 1 + random(120)
    while (written < enough) await sleep(1)
    await sleep(random(10))
    await server.kill('SIGKILL')
    await writing
    server = await startProcess(env)
    const answer = await fetch(`${server.url}/api/v1/play?limit=100`, { headers })
    const { play_statuses } = (await answer.json()) as {
      play_statuses: { rss_source_item: string; position: number }[]
    }
    const found = new Map(play_statuses.map((status) => [status.rss_source_item, status.position]))
    for (const [item, position] of acknowledged) expect(found.get(item)).toBeGreaterThanOrEqual(position)
  }
  const doctor = balados(env, ['doctor'])
  expect(doctor.out).not.toContain('WRONG')
  await server.kill('SIGTERM')
  await folder.remove()
})
