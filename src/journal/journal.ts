import { createHmac } from 'node:crypto'
import pLimit from 'p-limit'
import type pg from 'pg'
import { type Queryable, rows, type Statement, type Stores, transaction } from '../database/store.ts'
import type { PodcastId, UserId } from '../kernel/brand.ts'
import type { Decider, Recorded, Upcasts } from '../kernel/decider.ts'
import type { Answer, Origin } from '../kernel/endpoint.ts'
import type { ReadModel } from '../kernel/read-model.ts'
import { isRefusal, type Refusal, refuse } from '../kernel/refusal.ts'
import { createReadModels, hasGone, type ReadModels, writtenRowsOf } from './read-models.ts'
import type { Slice } from './slice.ts'
import {
  appendStatement,
  type EventRow,
  lockHead,
  readAfter,
  readBefore,
  readBeforeOfPodcast,
  readHead,
  readHeadAndAnswer,
  readHeadAndNewest,
  readHeadNewestAndHeard,
  readNumberBefore,
  type StatementParts,
} from './statements.ts'
import { createUnit, type Head, type Reaction, toRecorded, toRow, type Unit } from './unit.ts'

export interface JournalParts {
  readonly stores: Stores
  /** Deciders by kind, with the read model each stream of that kind shows. */
  readonly slices: readonly Slice[]
  readonly reactions: readonly Reaction[]
  readonly upcasts: Upcasts
  /** Keys the hashes of idempotency keys. */
  readonly secret: string
}

/**
 * A request's first stream, and the edit it is about to ask for, read together with the head of the journal to save
 * round trips. Only of deciders whose newest event is whole.
 */
interface Prefetch {
  // biome-ignore lint/suspicious/noExplicitAny: whatever the decider
  readonly decider: Decider<any, any, any>
  readonly id: string
  readonly edit?: string
}

export interface Journal {
  /**
   * Runs `work` on the user's journal and writes all it decided in one statement. `work` runs again when another
   * writer was first. With an idempotency key the first answer is stored in that statement and given again to
   * repeats; the same key with another request is refused as a conflict.
   */
  commit(
    origin: Origin,
    work: (unit: Unit) => Promise<Answer | Refusal>,
    prefetch?: Prefetch,
  ): Promise<Answer | Refusal>
  /**
   * The same for work with effects beside the journal, which must not run a second time: repeats of the key wait in
   * line for its answer.
   */
  commitOnce(origin: Origin, work: () => Promise<Answer | Refusal>): Promise<Answer | Refusal>
  /** The user's events after a number, oldest first. */
  read(user: UserId, after: number, limit: number): Promise<readonly Recorded[]>
  /**
   * The user's events before a number, newest first; `of` only those whose data names the podcast, and those of one
   * stream.
   */
  readBack(
    user: UserId,
    before: number,
    limit: number,
    of?: { readonly podcast: PodcastId; readonly stream: string },
  ): Promise<readonly Recorded[]>
  head(user: UserId): Promise<Head>
  /** The number a cursor that is a time (whole seconds) stands for. */
  numberBefore(user: UserId, stamp: number): Promise<number>
  /** Which life of the journal this is; a restore starts another. */
  epoch(): Promise<string>
  readonly readModels: ReadModels
  /** Called after each write with whose journal it was and how far it is, so that followers and open channels wake up. */
  onAppend(listener: (user: UserId, number: number) => void): void
}

interface Opening extends Head {
  readonly heard?: boolean
  readonly request?: string | null
  readonly answer?: Answer | Refusal | null
}

/** What an attempt came to, and how far the journal was then. */
interface Done {
  readonly said: Answer | Refusal
  readonly number: number
  readonly after: (() => Promise<void>) | null
}

/** Attempts without a lock before the writer waits in line. */
const optimisticAttempts = 2
/** Writers of this process that wait in line at once: they hold a connection, and their work may need another one. */
const mostInLine = 5
const uniqueViolation = '23505'

export function createJournal(parts: JournalParts): Journal {
  const { stores, reactions, upcasts } = parts
  const { pool } = stores.events
  const readModels = createReadModels(stores, parts.slices, upcasts)
  const modelOf = new Map(parts.slices.map((slice) => [slice.decider.kind, slice.readModel]))
  const statements = new Map<string, Statement>()
  const inLine = pLimit(mostInLine)
  const listeners: ((user: UserId, number: number) => void)[] = []
  let epoch: string | undefined

  const keyed = (user: UserId, text: string): string => {
    const hex = createHmac('sha256', parts.secret).update(`${user}\n${text}`).digest('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
  }

  const statement = (models: readonly ReadModel[], has: StatementParts): Statement => {
    const key = `${models.map((m) => m.name).join()} ${JSON.stringify(has)}`
    const known = statements.get(key)
    if (known) return known
    const made = appendStatement(models, has)
    statements.set(key, made)
    return made
  }

  async function open(db: Queryable, origin: Origin, key: string | null, prefetch: Prefetch | undefined) {
    if (prefetch?.decider.newestIsWhole) {
      const values = [origin.user, key, `${prefetch.decider.kind}/${prefetch.id}`]
      const [row] = prefetch.edit
        ? await rows<Opening & EventRow>(db, readHeadNewestAndHeard, [...values, prefetch.edit])
        : await rows<Opening & EventRow>(db, readHeadAndNewest, values)
      return { opening: row as Opening, newest: row?.id ? [toRecorded(row, upcasts)] : [] }
    }
    const [row] = key
      ? await rows<Opening>(db, readHeadAndAnswer, [origin.user, key])
      : await rows<Opening>(db, readHead, [origin.user])
    return { opening: row as Opening, newest: null }
  }

  /** One attempt; null when another writer was first. */
  async function attempt(
    db: Queryable,
    origin: Origin,
    work: (unit: Unit) => Promise<Answer | Refusal>,
    prefetch: Prefetch | undefined,
  ): Promise<Done | null> {
    const request = origin.request && {
      key: keyed(origin.user, `${origin.author.app}\n${origin.request.key}`),
      hash: keyed(origin.user, origin.request.hash),
    }
    const { opening, newest } = await open(db, origin, request?.key ?? null, prefetch)
    if (opening.request) {
      const same = opening.request === request?.hash
      const said = same
        ? givenAgain(opening.answer as Answer | Refusal)
        : refuse('conflict', 'This Idempotency-Key was used for another request.')
      return { said, number: opening.lastNumber, after: null }
    }
    const unit = createUnit({ db, origin, head: opening, upcasts, reactions })
    if (prefetch && newest) unit.adopt(prefetch.decider, prefetch.id, newest)
    if (prefetch?.edit && opening.heard !== undefined) unit.adoptHeard(prefetch.edit, opening.heard)
    const said = await work(unit)
    if (!isRefusal(said)) await unit.react()
    // A refusal undoes what was decided before it; a key that outlived its answer adds nothing a second time.
    const moot = isRefusal(said) || (await unit.wasCarriedOut())
    const pending = moot ? nothing(unit.pending().stamp) : unit.pending()
    if (pending.events.length === 0 && pending.heard.length === 0 && !request)
      return { said, number: opening.lastNumber, after: null }

    const touched = Map.groupBy(pending.touched, (t) => t.kind)
    const models = [...touched.keys()].sort().flatMap((kind) => modelOf.get(kind) ?? [])
    const rowsOfModels = models.map((model) => writtenRowsOf(model, touched.get(model.kind) ?? []))
    const together = stores.journalBesideReadModels
    const number = opening.lastNumber + pending.events.length
    const write = statement(together ? models : [], {
      answer: request !== null,
      heard: pending.heard.length > 0,
      gone: hasGone(rowsOfModels),
    })
    const written = await rows(db, write, [
      origin.user,
      opening.lastNumber,
      number,
      pending.events.length > 0 ? pending.stamp : opening.lastStamp,
      JSON.stringify(pending.events.map((event) => toRow(event, upcasts))),
      request ? JSON.stringify({ key: request.key, request: request.hash, answer: said }) : null,
      pending.heard.length > 0 ? JSON.stringify(pending.heard) : null,
      origin.now,
      ...(together ? rowsOfModels.map((r) => JSON.stringify(r)) : []),
    ])
    if (written.length === 0) return null
    const after = together
      ? null
      : () => readModels.write(origin.user, opening.lastNumber, number, models, rowsOfModels)
    return { said, number, after }
  }

  async function commit(
    origin: Origin,
    work: (unit: Unit) => Promise<Answer | Refusal>,
    prefetch?: Prefetch,
  ): Promise<Answer | Refusal> {
    for (let tries = 0; tries < optimisticAttempts; tries++) {
      try {
        const done = await attempt(pool, origin, work, prefetch)
        if (done) return await finish(origin.user, done)
      } catch (error) {
        // Somebody else stored an answer to this key, or an event of this id, since it was looked for.
        if ((error as pg.DatabaseError).code !== uniqueViolation) throw error
      }
    }
    return locked(origin, work, prefetch)
  }

  /** Behind every other writer of the user's journal. */
  async function locked(
    origin: Origin,
    work: (unit: Unit) => Promise<Answer | Refusal>,
    prefetch?: Prefetch,
  ): Promise<Answer | Refusal> {
    const done = await inLine(() =>
      transaction(pool, async (client) => {
        await rows(client, lockHead, [origin.user])
        return attempt(client, origin, work, prefetch)
      }),
    )
    if (!done) throw new Error('the journal moved although its head was locked')
    return finish(origin.user, done)
  }

  async function finish(user: UserId, { said, number, after }: Done) {
    if (after) await after()
    for (const listener of listeners) listener(user, number)
    return said
  }

  return {
    commit,
    commitOnce: (origin, work) => locked(origin, work),
    readModels,
    head: async (user) => (await rows<Head>(pool, readHead, [user]))[0] as Head,
    numberBefore: async (user, stamp) =>
      (await rows<{ number: number }>(pool, readNumberBefore, [user, stamp]))[0]?.number ?? 0,
    read: async (user, after, limit) =>
      (await rows<EventRow>(pool, readAfter, [user, after, limit])).map((row) => toRecorded(row, upcasts)),
    readBack: async (user, before, limit, of) => {
      const found = of
        ? rows<EventRow>(pool, readBeforeOfPodcast, [user, before, limit, of.podcast, of.stream])
        : rows<EventRow>(pool, readBefore, [user, before, limit])
      return (await found).map((row) => toRecorded(row, upcasts))
    },
    epoch: async () => {
      epoch ??= (await rows<{ epoch: string }>(pool, readEpoch, []))[0]?.epoch
      if (!epoch) throw new Error('the journal has no epoch: migrate the events store')
      return epoch
    },
    onAppend: (listener) => {
      listeners.push(listener)
    },
  }
}

/** The first answer to the letter; only a header tells that nothing was done this time. */
const givenAgain = (said: Answer | Refusal): Answer | Refusal =>
  isRefusal(said) ? said : { ...said, headers: { ...said.headers, 'Idempotent-Replayed': 'true' } }

const readEpoch: Statement = { name: 'journal-epoch', text: 'select epoch from events.store' }

const nothing = (stamp: number) => ({ events: [], heard: [], touched: [], stamp })
