import { rows, type Statement, type Store } from '../database/store.ts'

const hour = 3_600_000
const day = 24 * hour

/** First answers to idempotency keys are kept so long. */
const answersLive = 24 * hour
/** The life of a tombstone, and of what was heard in vain: an edit that comes later is judged by its own time. */
export const tombstonesLive = 45 * day

const purgeAnswers: Statement = {
  name: 'purge-answers',
  text: 'delete from events.answers where recorded_at < to_timestamp($1::float8 / 1000) returning 1',
}
const purgeHeard: Statement = {
  name: 'purge-heard',
  text: 'delete from events.heard where recorded_at < to_timestamp($1::float8 / 1000) returning 1',
}

/** Forgets stored answers and edits heard in vain that are due; answers how many rows. */
export async function purgeMemory(events: Store, now: number): Promise<number> {
  const answers = await rows(events.pool, purgeAnswers, [now - answersLive])
  const heard = await rows(events.pool, purgeHeard, [now - tombstonesLive])
  return answers.length + heard.length
}
