import { EventEmitter } from 'node:events'
import { Logger, parseCronItems, type Runner, run, runMigrations, type WorkerEvents } from 'graphile-worker'
import { rows, type Statement, type Store } from '../database/store.ts'

/** Something that is due from time to time; run by one of the workers, again after a failure. */
export interface Schedule {
  readonly name: string
  /** Minute, hour, day, month, weekday, in UTC; null for what runs only when somebody asks for it (`addJob`). */
  readonly cron: string | null
  /** @param about what `addJob` was given; `{}` where it was given nothing */
  work(about: unknown): Promise<void>
}

interface Log {
  info(context: object, message: string): void
  warn(context: object, message: string): void
  error(context: object, message: string): void
}

export interface Jobs {
  stop(): Promise<void>
}

/** graphile-worker's tables have a schema of their own beside `system`. */
const schema = 'jobs'
/** More than is ever busy for long: somebody may be waiting for the next one. */
const concurrency = 6
/** A worker renews its sign of life this often, and counts as dead after four times as long. Milliseconds. */
const heartbeat = 15_000

const renew: Statement = {
  name: 'jobs-renew',
  text: `insert into system.job_workers (id, seen_at) select unnest($1::text[]), now()
    on conflict (id) do update set seen_at = excluded.seen_at`,
}
// A killed worker's jobs would stay locked for four hours.
const freeDead: Statement = {
  name: 'jobs-free-dead',
  text: `with dead as (
      delete from system.job_workers where seen_at < now() - make_interval(secs => $1) returning id),
    locked as (
      select distinct locked_by as id from ${schema}.jobs
      where locked_by is not null and locked_at < now() - make_interval(secs => $1)
        and locked_by not in (select id from system.job_workers where seen_at >= now() - make_interval(secs => $1)))
    select ${schema}.force_unlock_workers(array(select id from dead union select id from locked))`,
}

/** Makes or updates the job queue's own tables. */
export const migrateJobs = (system: Store, log: Log): Promise<void> =>
  runMigrations({ pgPool: system.pool, schema, logger: quietly(log) })

/** Starts this process' workers. */
export async function startJobs(system: Store, schedules: readonly Schedule[], log: Log): Promise<Jobs> {
  const events: WorkerEvents = new EventEmitter() as WorkerEvents
  const workers = new Set<string>()
  events.on('worker:create', ({ worker }) => workers.add(worker.workerId))
  events.on('job:error', ({ job, error }) => log.error({ err: error, job: job.task_identifier }, 'a job failed'))

  const beat = async () => {
    await rows(system.pool, renew, [[...workers]])
    await rows(system.pool, freeDead, [(4 * heartbeat) / 1000])
  }
  const runner: Runner = await run({
    pgPool: system.pool,
    schema,
    concurrency,
    noHandleSignals: true,
    events,
    logger: quietly(log),
    taskList: Object.fromEntries(schedules.map(({ name, work }) => [name, (about: unknown) => work(about)])),
    parsedCronItems: parseCronItems(
      schedules.flatMap(({ name, cron }) =>
        cron === null ? [] : [{ task: name, match: cron, identifier: name, options: { jobKey: name, maxAttempts: 5 } }],
      ),
    ),
  })
  await beat()
  const timer = setInterval(() => {
    beat().catch((error: unknown) => log.warn({ err: error }, "the job workers' sign of life could not be renewed"))
  }, heartbeat)
  return {
    stop: async () => {
      clearInterval(timer)
      await runner.stop()
    },
  }
}

/** graphile-worker tells much at `info` that nobody needs. */
const quietly = (log: Log) =>
  new Logger(() => (level, message) => {
    if (level === 'error') log.error({}, message)
    else if (level === 'warning') log.warn({}, message)
  })
