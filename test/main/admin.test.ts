import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type App, startServer, type TestServer } from '../support/instance.ts'

let server: TestServer
let app: App
beforeAll(async () => {
  // A database of their own is what gives the read models a follower.
  server = await startServer({ layout: 'three' })
  const root = await server.addUser()
  await server.fresh.stores.system.pool.query('update system.users set is_admin = true where id = $1', [root.id])
  app = await server.allow(root, { scopes: ['admin.read', 'admin.write'] })
})
afterAll(() => server.close())

const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 15_000, interval: 100 })

test('the status tells the version, the stores with their sizes and migrations, and what stands still', async () => {
  const { status, body } = await app.call('GET', '/admin/status')
  expect(status).toBe(200)
  expect(body).toMatchObject({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    postgresql: expect.stringMatching(/^\d+/),
  })
  expect(body).toMatchObject({ followers_stopped: [], jobs_given_up: 0 })
  expect(body.stores.map((store: { name: string }) => store.name)).toEqual(['events', 'system', 'projections', 'cache'])
  for (const store of body.stores) expect(store.migrations.pending).toEqual([])
  for (const store of body.stores.slice(0, 3)) {
    expect(store.size_bytes).toBeGreaterThan(10_000)
    expect(store.migrations.applied).toBeGreaterThan(0)
  }
})

test('a stopped follower is told with its reason, and goes on after a retry', async () => {
  const listener = await server.allow(await server.addUser())
  await listener.call('PUT', '/privacy', { privacy: 'private' })
  const followers = async () =>
    (await app.call('GET', '/admin/followers')).body.followers.filter(({ name }: { name: string }) => name !== 'public')
  await until(async () => expect(await followers()).toMatchObject([{ name: 'read-models', lag: 0, stopped: null }]))
  await server.fresh.stores.projections.pool.query(
    `update projections.followers set stopped_at = position + 1, reason = $1 where name = 'read-models'`,
    ['no row in https://user:pw@feeds.example/secret?token=x\n    at Object.apply (/srv/x.ts)'],
  )
  await listener.call('PUT', '/privacy', { privacy: 'public' })
  const reason = 'no row in https://feeds.example/…'
  await until(async () => expect(await followers()).toMatchObject([{ lag: 1, stopped: { reason } }]))
  expect((await app.call('GET', '/admin/status')).body.followers_stopped).toEqual(['read-models'])
  expect((await app.call('POST', '/admin/followers/nobody/retry', {})).status).toBe(404)
  expect((await app.call('POST', '/admin/followers/read-models/retry')).body).toEqual({ status: 'success' })
  await until(async () => expect(await followers()).toMatchObject([{ lag: 0, stopped: null }]))
})

test('jobs are counted by task; a failed one is told without its payload, and runs after a retry', async () => {
  const { pool } = server.fresh.stores.system
  const add = async (task: string, attempts: number, error: string | null) => {
    const made = await pool.query(
      `select id from jobs.add_job($1, '{"token": "secret-of-a-job"}'::json, run_at := now() + interval '1 hour', max_attempts := 3)`,
      [task],
    )
    const { id } = made.rows[0]
    await pool.query('update jobs._private_jobs set attempts = $2, last_error = $3 where id = $1', [
      id,
      attempts,
      error,
    ])
    return String(id)
  }
  const given = await add('purge-memory', 3, 'connect postgres://u:hidden@db/x failed\n    at secret (/srv/y.ts)')
  const later = await add('later', 1, 'try again')
  await add('later', 0, null)
  const jobs = async () => (await app.call('GET', '/admin/jobs')).body
  const now = await jobs()
  expect(now.tasks).toMatchObject([
    { task: 'later', waiting: 2, running: 0, given_up: 0, oldest_due: null },
    { task: 'purge-memory', given_up: 1 },
  ])
  expect(now.failed).toMatchObject([
    { id: later, task: 'later', attempts: 1, max_attempts: 3, last_error: 'try again', next_try: expect.any(String) },
    { id: given, attempts: 3, last_error: 'connect postgres://db/… failed', next_try: null },
  ])
  expect(JSON.stringify(now)).not.toMatch(/secret|hidden/)
  expect((await app.call('GET', '/admin/status')).body.jobs_given_up).toBe(1)

  expect((await app.call('POST', `/admin/jobs/${given}/retry`)).body).toEqual({ status: 'success' })
  await until(async () => {
    const { tasks, failed } = await jobs()
    expect(tasks.map((task: { task: string }) => task.task)).toEqual(['later'])
    expect(failed.map((job: { id: string }) => job.id)).toEqual([later])
  })
  expect((await app.call('POST', `/admin/jobs/${given}/retry`)).status).toBe(404)
  await pool.query('update jobs._private_jobs set locked_at = now(), locked_by = $2 where id = $1', [later, 'somebody'])
  expect((await app.call('POST', `/admin/jobs/${later}/retry`)).status).toBe(409)
  expect((await jobs()).tasks).toMatchObject([{ task: 'later', waiting: 1, running: 1 }])
  expect((await app.call('POST', '/admin/jobs/1x/retry')).body.details).toMatchObject([{ path: 'path.job' }])
})
