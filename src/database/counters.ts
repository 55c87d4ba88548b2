import { RateLimiterPostgres, type RateLimiterRes } from 'rate-limiter-flexible'
import { rows, type Statement, type Store } from './store.ts'

/** At most `limit` times in `seconds`, counted from the first time. */
export interface Allowance {
  readonly limit: number
  readonly seconds: number
}

/** How a count stands. */
export interface Standing {
  readonly exceeded: boolean
  /** How many times more until it is exceeded. */
  readonly remaining: number
  /** Seconds until it starts anew. */
  readonly resetIn: number
}

/** Counts that every process of the instance shares; a restart of PostgreSQL after a crash forgets them. */
export interface Counters {
  /** Counts `key` once more. Beyond the allowance nothing is counted: patience is enough to be let in again. */
  take(key: string, allowance: Allowance): Promise<Standing>
  /** How it stands, without counting. */
  look(key: string, allowance: Allowance): Promise<Standing>
  /** Takes one count back. */
  giveBack(key: string, allowance: Allowance): Promise<void>
  forget(key: string, allowance: Allowance): Promise<void>
  /** Removes what has run out; answers how many. */
  purge(now: number): Promise<number>
}

const purgeCounters: Statement = {
  name: 'counters-purge',
  text: `with gone as (delete from system.rate_limits where expire < $1 returning 1) select count(*) as counters from gone`,
}

export function createCounters(system: Store): Counters {
  const limiters = new Map<string, RateLimiterPostgres>()
  const limiterOf = ({ limit, seconds }: Allowance): RateLimiterPostgres => {
    const name = `${limit}/${seconds}`
    const known = limiters.get(name)
    if (known) return known
    const made = new RateLimiterPostgres({
      storeClient: system.pool,
      storeType: 'pool',
      schemaName: 'system',
      tableName: 'rate_limits',
      tableCreated: true,
      clearExpiredByTimeout: false,
      keyPrefix: name,
      points: limit,
      duration: seconds,
    })
    limiters.set(name, made)
    return made
  }
  const standingOf = (result: RateLimiterRes, exceeded: boolean): Standing => ({
    exceeded,
    remaining: Math.max(0, result.remainingPoints),
    resetIn: Math.max(1, Math.ceil(result.msBeforeNext / 1000)),
  })

  return {
    take: async (key, allowance) => {
      try {
        return standingOf(await limiterOf(allowance).consume(key), false)
      } catch (result) {
        // It rejects with the result when the count is exceeded, with an error when the database is gone.
        if (result instanceof Error) throw result
        return standingOf(result as RateLimiterRes, true)
      }
    },
    look: async (key, allowance) => {
      const result = await limiterOf(allowance).get(key)
      if (result === null) return { exceeded: false, remaining: allowance.limit, resetIn: allowance.seconds }
      return standingOf(result, result.consumedPoints >= allowance.limit)
    },
    giveBack: async (key, allowance) => void (await limiterOf(allowance).reward(key)),
    forget: async (key, allowance) => void (await limiterOf(allowance).delete(key)),
    purge: async (now) => (await rows<{ counters: number }>(system.pool, purgeCounters, [now]))[0]?.counters ?? 0,
  }
}
