import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropDatabase, freshDatabase } from '../support/database.ts'
import { feedId, freePort, itemId } from '../support/instance.ts'
import { balados, dataFolder, environment, type Server, startProcess } from '../support/process.ts'

let url: string
let folder: Awaited<ReturnType<typeof dataFolder>>
let env: Record<string, string>
let web: Server
let worker: ChildProcess
let client: pg.Client

beforeAll(async () => {
  url = await freshDatabase()
  folder = await dataFolder()
  env = { DATABASE_URL: url, DATA_DIR: folder.path, LOG_LEVEL: 'warn', SECRET_KEY_BASE: 'x'.repeat(40) }
  web = await startProcess({ ...env, ROLE: 'web', PORT: String(await freePort()) })
  const cli = fileURLToPath(new URL('../../src/main/cli.ts', import.meta.url))
  worker = spawn(process.execPath, [cli, 'start'], { env: environment({ ...env, ROLE: 'worker' }), stdio: 'ignore' })
  client = new pg.Client(url)
  await client.connect()
})
afterAll(async () => {
  await client.end()
  worker.kill('SIGTERM')
  await web.kill('SIGTERM')
  await dropDatabase(url)
  await folder.remove()
})

const eventually = async (question: string, wanted: unknown, values: unknown[] = []): Promise<void> => {
  for (let tries = 0; tries < 200; tries++) {
    const { rows } = await client.query(question, values)
    if (JSON.stringify(rows) === JSON.stringify(wanted)) return
    await sleep(100)
  }
  expect((await client.query(question, values)).rows).toEqual(wanted)
}

test('what the web role appends, the worker role gives its place', async () => {
  balados(env, ['user', 'add', 'alice'], 'correct horse battery\n')
  const body = {
    rss_source_feed: feedId('https://feeds.example/a.xml'),
    rss_source_item: itemId('g', 'https://media.example/a.mp3'),
    position: 1,
    played: false,
  }
  const order = { user: 'alice', method: 'POST', path: '/play', body }
  expect(balados(env, ['dispatch', JSON.stringify(order)])).toMatchObject({ status: 0 })
  await eventually('select position::int from events.positions', [{ position: 1 }])
  expect((await fetch(`${web.url}/ready`)).status).toBe(200)
})

test('the worker role does what is due: stored answers are forgotten after a day', async () => {
  const user = randomUUID()
  for (const hours of [23, 25]) {
    await client.query(
      `insert into events.answers (user_id, key, request, answer, recorded_at)
       values ($1, gen_random_uuid(), gen_random_uuid(), '{}', now() - make_interval(hours => $2))`,
      [user, hours],
    )
  }
  await client.query("select jobs.add_job('purge-memory')")
  await eventually('select count(*)::int as left from events.answers where user_id = $1', [{ left: 1 }], [user])
})

test('the jobs of a killed worker are freed by a living one', async () => {
  await client.query("select jobs.add_job('purge-sessions', run_at => now() + interval '1 hour')")
  await client.query(
    "update jobs._private_jobs set locked_by = 'killed', locked_at = now() - interval '5 minutes' where run_at > now()",
  )
  await eventually('select locked_by from jobs.jobs where run_at > now()', [{ locked_by: null }])
})
