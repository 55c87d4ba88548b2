import type { Logger } from 'pino'
import { z } from 'zod'
import { migrationState } from '../database/migrate.ts'
import { rows, type Statement, type Store, type Stores } from '../database/store.ts'
import { successOut } from '../http/schemas.ts'
import { failedJobs, retryJob, taskStates } from '../jobs/queue.ts'
import type { FollowerState, Following } from '../journal/followers.ts'
import { answer, type Caller, type Endpoint, endpoint, success } from '../kernel/endpoint.ts'
import { refuse } from '../kernel/refusal.ts'
import { version } from './version.ts'

const time = z.iso.datetime({ precision: 3 })

const follower = z
  .object({
    name: z.string(),
    position: z.int().describe('Of the last event it applied, among those of all users.'),
    lag: z.int().describe('How many events it has not seen yet.'),
    stopped: z
      .object({ at: z.int().describe('Position of the event it can’t apply.'), reason: z.string() })
      .nullable()
      .describe('Where and why it stopped; null while it goes on.'),
  })
  .meta({ id: 'Follower' })

const task = z
  .object({
    task: z.string(),
    waiting: z.int().describe('Due now or later, those that will be tried again included.'),
    running: z.int(),
    given_up: z.int().describe('Failed too often: they wait for a retry by a person.'),
    oldest_due: time.nullable().describe('Since when the one that waits longest could have run.'),
  })
  .meta({ id: 'JobTask' })

const failedJob = z
  .object({
    id: z.string(),
    task: z.string(),
    attempts: z.int(),
    max_attempts: z.int(),
    last_error: z.string().describe('The first line of the error, addresses shortened to their hosts.'),
    failed_at: time,
    next_try: time.nullable().describe('Null when it was given up.'),
  })
  .meta({ id: 'FailedJob' })

const store = z
  .object({
    name: z.enum(['events', 'system', 'projections', 'cache']),
    size_bytes: z.int().describe('Tables and indexes.'),
    migrations: z.object({ applied: z.int(), pending: z.array(z.string()) }),
  })
  .meta({ id: 'Store' })

const status = z.object({
  version: z.string(),
  postgresql: z.string(),
  stores: z.array(store),
  followers_stopped: z.array(z.string()),
  jobs_given_up: z.int(),
})

const read = { tag: 'Administration', scope: 'admin.read', limit: 100 } as const
const write = { tag: 'Administration', scope: 'admin.write', limit: 30 } as const
const mostFailedJobs = 100

export interface AdminParts {
  readonly stores: Stores
  readonly following: Following
  readonly log: Pick<Logger, 'info'>
}

/** What `balados projections`, `balados db status` and the job queue can do, for administrators' apps. */
export function adminEndpoints({ stores, following, log }: AdminParts): readonly Endpoint[] {
  const note = ({ user: admin, author }: Caller, message: string, what: object) =>
    log.info({ admin, app: author.app, ...what }, message)

  return [
    endpoint({
      ...read,
      method: 'get',
      path: '/admin/status',
      summary: 'How the instance is: version, stores, and what stands still',
      answers: { 200: status },
      async handle() {
        const [server] = await rows<{ version: string }>(stores.events.pool, serverVersion, [])
        const stopped = (await following.states()).filter((state) => state.stopped)
        const tasks = await taskStates(stores.system)
        return answer(200, {
          version: await version(),
          postgresql: server?.version,
          stores: await Promise.all([stores.events, stores.system, stores.projections, stores.cache].map(showStore)),
          followers_stopped: stopped.map((state) => state.name),
          jobs_given_up: tasks.reduce((sum, { givenUp }) => sum + givenUp, 0),
        })
      },
    }),
    endpoint({
      ...read,
      method: 'get',
      path: '/admin/followers',
      summary: 'How far the followers of the journal are',
      answers: { 200: z.object({ followers: z.array(follower) }) },
      handle: async () => answer(200, { followers: (await following.states()).map(showFollower) }),
    }),
    endpoint({
      ...write,
      method: 'post',
      path: '/admin/followers/{name}/retry',
      summary: 'Let a stopped follower try again',
      description: 'It does so within a second. One that is not stopped goes on as it was.',
      params: z.object({ name: z.string().min(1).max(100) }),
      answers: { 200: successOut },
      async handle({ params: { name }, caller }) {
        if (!(await following.states()).some((state) => state.name === name))
          return refuse('not_found', 'There is no follower of this name.')
        await following.retry(name)
        note(caller, 'an administrator let a follower try again', { follower: name })
        return success
      },
    }),
    endpoint({
      ...read,
      method: 'get',
      path: '/admin/jobs',
      summary: 'How long the job queue is, and what failed in it',
      answers: {
        200: z.object({
          tasks: z.array(task),
          failed: z.array(failedJob).describe(`The ${mostFailedJobs} newest failures.`),
        }),
      },
      async handle() {
        const tasks = await taskStates(stores.system)
        const failed = await failedJobs(stores.system, mostFailedJobs)
        return answer(200, {
          tasks: tasks.map(({ givenUp, oldestDue, ...counts }) => ({
            ...counts,
            given_up: givenUp,
            oldest_due: oldestDue?.toISOString() ?? null,
          })),
          failed: failed.map((job) => ({
            id: job.id,
            task: job.task,
            attempts: job.attempts,
            max_attempts: job.maxAttempts,
            last_error: harmless(job.lastError),
            failed_at: job.failedAt.toISOString(),
            next_try: job.nextTry?.toISOString() ?? null,
          })),
        })
      },
    }),
    endpoint({
      ...write,
      method: 'post',
      path: '/admin/jobs/{job}/retry',
      summary: 'Let a job run now, with all its attempts before it',
      description: 'One that is running at this moment is a conflict.',
      params: z.object({
        job: z
          .string()
          .regex(/^\d{1,18}$/, 'is not the id of a job')
          .meta({ examples: ['7'] }),
      }),
      answers: { 200: successOut },
      async handle({ params: { job }, caller }) {
        const found = await retryJob(stores.system, job)
        if (found === 'unknown') return refuse('not_found', 'There is no such job: it may have succeeded meanwhile.')
        if (found === 'runs') return refuse('conflict', 'The job is running.')
        note(caller, 'an administrator let a job run again', { job })
        return success
      },
    }),
  ]
}

const serverVersion: Statement = {
  name: 'admin-server-version',
  text: "select current_setting('server_version') as version",
}
const storeSize: Statement = {
  name: 'admin-store-size',
  text: `select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint as bytes
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any($1::text[]) and c.relkind = 'r'`,
}

async function showStore(of: Store): Promise<z.input<typeof store>> {
  // The job queue's schema belongs to the store beside which it lives.
  const schemas = of.name === 'system' ? ['system', 'jobs'] : [of.name]
  const [size] = await rows<{ bytes: number }>(of.pool, storeSize, [schemas])
  const { applied, pending } = await migrationState(of)
  return {
    name: of.name,
    size_bytes: size?.bytes ?? 0,
    migrations: { applied: applied.length, pending: [...pending] },
  }
}

const showFollower = ({ name, position, lag, stopped }: FollowerState): z.input<typeof follower> => ({
  name,
  position,
  lag,
  stopped: stopped && { at: stopped.at, reason: harmless(stopped.reason) },
})

/** An error's message without what follows its first line, and without what addresses may hold: tokens, passwords. */
function harmless(message: string): string {
  const [line = ''] = message.split('\n', 1)
  return line.slice(0, 500).replaceAll(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]*/gi, (address) => {
    const url = URL.parse(address)
    return url ? `${url.protocol}//${url.host}/…` : '…'
  })
}
