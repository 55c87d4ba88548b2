import type { Command } from 'commander'
import { migrationState } from '../../database/migrate.ts'
import { type Workshop, withInstance } from '../console.ts'

interface Finding {
  readonly what: string
  readonly wrong: string | null
}

/** Each examination answers with what is wrong, or null. */
const examinations: readonly { what: string; examine(workshop: Workshop): Promise<string | null> }[] = [
  {
    what: 'PostgreSQL is 15 or later',
    async examine({ stores }) {
      for (const store of [stores.events, stores.system, stores.projections]) {
        const { rows } = await store.pool.query<{ version: number }>(
          "select current_setting('server_version_num')::int as version",
        )
        if ((rows[0]?.version ?? 0) < 150_000) return `${store.name} is on ${rows[0]?.version}`
      }
      return null
    },
  },
  {
    what: 'acknowledged writes survive a crash (fsync, synchronous_commit)',
    async examine({ stores }) {
      const { rows } = await stores.events.pool.query<{ fsync: string; commit: string }>(
        "select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit",
      )
      const [now] = rows
      return now?.fsync === 'on' && now.commit !== 'off'
        ? null
        : `fsync is ${now?.fsync}, synchronous_commit is ${now?.commit}`
    },
  },
  {
    what: 'every migration is applied',
    async examine({ stores }) {
      const states = await Promise.all(
        [stores.events, stores.system, stores.projections, stores.cache].map(migrationState),
      )
      const late = states.filter((s) => s.pending.length > 0)
      return late.length === 0 ? null : late.map((s) => `${s.store}: ${s.pending.join(', ')}`).join('; ')
    },
  },
  {
    what: "each user's numbers agree with the events",
    async examine({ stores }) {
      const { rows } = await stores.events.pool.query<{ wrong: string }>(
        `select count(*) as wrong from events.heads h
         where h.last_number < coalesce((select max(number) from events.events e where e.user_id = h.user_id), 0)`,
      )
      return rows[0]?.wrong === '0' ? null : `${rows[0]?.wrong} users have events beyond their last number`
    },
  },
  {
    what: 'every event has its place among those of all users, or waits for it',
    async examine({ stores }) {
      const { rows } = await stores.events.pool.query<{ lost: string }>(
        `select count(*) as lost from events.events e
         where not exists (select from events.positions p where p.user_id = e.user_id and p.number = e.number)
           and not exists (select from events.arrivals a where a.user_id = e.user_id and e.number between a.first and a.last)`,
      )
      return rows[0]?.lost === '0' ? null : `${rows[0]?.lost} events were never placed`
    },
  },
  {
    what: 'no follower of the journal is stopped',
    async examine({ instance }) {
      const stopped = (await instance.following.states()).filter((s) => s.stopped)
      return stopped.length === 0
        ? null
        : stopped.map((s) => `${s.name} at ${s.stopped?.at}: ${s.stopped?.reason}`).join('; ')
    },
  },
]

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('examine the instance and say what is wrong')
    .action(() =>
      withInstance(async (workshop) => {
        for (const { what, wrong } of await findings(workshop)) {
          console.log(wrong === null ? `ok     ${what}` : `WRONG  ${what}: ${wrong}`)
          if (wrong !== null) process.exitCode = 1
        }
      }, false),
    )
}

const findings = (workshop: Workshop): Promise<Finding[]> =>
  Promise.all(
    examinations.map(async ({ what, examine }) => ({
      what,
      wrong: await examine(workshop).catch((error: Error) => error.message),
    })),
  )
