import { rows, type Statement, type Store } from '../database/store.ts'

/** How a kind of job stands. */
export interface TaskState {
  readonly task: string
  /** Due now or later, those that failed and will be tried again included. */
  readonly waiting: number
  readonly running: number
  /** Failed so often that only a person lets them try again. */
  readonly givenUp: number
  /** Since when the one that waits longest could have run; null when none is due. */
  readonly oldestDue: Date | null
}

export interface FailedJob {
  readonly id: string
  readonly task: string
  readonly attempts: number
  readonly maxAttempts: number
  readonly lastError: string
  readonly failedAt: Date
  /** When it will be tried again; null when it will not. */
  readonly nextTry: Date | null
}

const tasks: Statement = {
  name: 'jobs-tasks',
  text: `select task_identifier as task,
      count(*) filter (where locked_at is null and attempts < max_attempts) as waiting,
      count(*) filter (where locked_at is not null) as running,
      count(*) filter (where locked_at is null and attempts >= max_attempts) as "givenUp",
      min(run_at) filter (where locked_at is null and attempts < max_attempts and run_at <= now()) as "oldestDue"
    from jobs.jobs group by task_identifier order by task_identifier`,
}
const failed: Statement = {
  name: 'jobs-failed',
  text: `select id::text, task_identifier as task, attempts, max_attempts as "maxAttempts", last_error as "lastError",
      updated_at as "failedAt", case when attempts < max_attempts then run_at end as "nextTry"
    from jobs.jobs where last_error is not null and locked_at is null order by updated_at desc, id desc limit $1`,
}
const find: Statement = { name: 'jobs-find', text: 'select id from jobs.jobs where id = $1' }
const retry: Statement = {
  name: 'jobs-retry',
  text: 'select id from jobs.reschedule_jobs(array[$1::bigint], run_at := now(), attempts := 0)',
}

export const taskStates = (system: Store): Promise<TaskState[]> => rows(system.pool, tasks, [])

/** Jobs whose last attempt failed, the newest failure first. */
export const failedJobs = (system: Store, most: number): Promise<FailedJob[]> => rows(system.pool, failed, [most])

/** Lets a job run now, with all its attempts before it. A job that runs can't be let run. */
export async function retryJob(system: Store, id: string): Promise<'waits' | 'runs' | 'unknown'> {
  if ((await rows(system.pool, retry, [id])).length > 0) return 'waits'
  return (await rows(system.pool, find, [id])).length > 0 ? 'runs' : 'unknown'
}

// What waits already under the same key stays when it is: a stream of reasons must not put it off for ever.
const add: Statement = {
  name: 'jobs-add',
  text: `select jobs.add_job($1, payload := $4::json, job_key := $2, job_key_mode := 'preserve_run_at', max_attempts := $5,
    run_at := now() + make_interval(secs => $3::float8 / 1000))`,
}
const workers: Statement = {
  name: 'jobs-workers',
  text: `select exists (select from system.job_workers where seen_at > now() - interval '1 minute') as some`,
}

const usualAttempts = 5

/** Lets a worker do something, once for all who ask for it under one key meanwhile; after so many milliseconds. */
export const addJob = async (system: Store, task: string, key: string, after = 0): Promise<void> =>
  void (await rows(system.pool, add, [task, key, after, '{}', usualAttempts]))

/** The same now, about something; tried once, as whoever waits for it will ask again. */
export const orderJob = async (system: Store, task: string, key: string, about: object): Promise<void> =>
  void (await rows(system.pool, add, [task, key, 0, JSON.stringify(about), 1]))

/** Whether any worker gave a sign of life lately. */
export const hasWorkers = async (system: Store): Promise<boolean> =>
  (await rows<{ some: boolean }>(system.pool, workers, []))[0]?.some ?? false
