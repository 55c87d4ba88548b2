import { randomUUID } from 'node:crypto'
import { v5 as uuidv5 } from 'uuid'
import { type Queryable, rows } from '../database/store.ts'
import {
  type Author,
  after,
  balados,
  type Decider,
  type Fact,
  fold,
  presentVersion,
  type Recorded,
  type StreamMerged,
  type Upcasts,
  upcast,
} from '../kernel/decider.ts'
import type { Origin } from '../kernel/endpoint.ts'
import type { Refusal } from '../kernel/refusal.ts'
import { isRefusal } from '../kernel/refusal.ts'
import { type EventRow, readHeard, readNewest, readStreamNames, readStreams } from './statements.ts'

export interface Head {
  readonly lastNumber: number
  readonly lastStamp: number
  readonly horizon: number
}

// biome-ignore lint/suspicious/noExplicitAny: a unit holds streams of many kinds; each caller sees its own decider's types
type AnyDecider = Decider<any, any, any>

/**
 * One request's view of one user's journal: loads streams, lets deciders decide, and keeps what they decided until the
 * journal writes it all at once. It may be thrown away and made anew when another writer was first, so the work on it
 * must have no effect of its own.
 */
export interface Unit {
  readonly origin: Origin
  readonly head: Head
  /** The number of the newest event, those decided here included. */
  readonly number: number
  /** Reads streams, so that `state` and `decide` know them. Streams already read stay as they are. */
  load<S, C, F extends Fact>(decider: Decider<S, C, F>, ids: readonly string[]): Promise<void>
  state<S, C, F extends Fact>(decider: Decider<S, C, F>, id: string): S
  /** All events read of a stream, oldest first: only the newest for deciders whose newest event is whole. */
  events<S, C, F extends Fact>(decider: Decider<S, C, F>, id: string): readonly Recorded<F>[]
  /**
   * Lets the decider decide and takes in what it says. `edit` names an edit by its content, so that hearing it again
   * is noticed; without it events are named by the request's idempotency key, or by chance.
   */
  decide<S, C, F extends Fact>(
    decider: Decider<S, C, F>,
    id: string,
    command: C,
    options?: { readonly edit?: string; readonly author?: Author },
  ): readonly Recorded<F>[] | Refusal
  /** Ends a stream that is loaded: what stood in it is another stream's now. Nothing where nothing stood. */
  retire<S, C, F extends Fact>(decider: Decider<S, C, F>, id: string, merged: Omit<StreamMerged['data'], 'at'>): void
  /** Which of these edits were heard before, whether they changed anything or not. */
  heard(edits: readonly string[]): Promise<ReadonlySet<string>>
  /** Remembers an edit that changed nothing. */
  hear(edit: string, stream: string): void
  /** The ids of a user's streams of one kind. */
  streamsOf(kind: string): Promise<readonly string[]>
  /** The streams that got an event, with their state now. */
  touched(): readonly Touched[]
  /** Lets the reactions answer what was decided so far; the journal does so before it writes. */
  react(): Promise<void>
}

/** What other slices do in answer to events of the same user, in the same write. */
export type Reaction = (unit: Unit, events: readonly Recorded[]) => Promise<void>

interface Stream {
  readonly decider: AnyDecider
  readonly id: string
  readonly events: Recorded[]
  state: unknown
  touched: boolean
}

export interface Touched {
  readonly kind: string
  readonly id: string
  readonly state: unknown
}

/** What a unit hands the journal to write. */
export interface Pending {
  readonly events: readonly Recorded[]
  readonly heard: readonly { readonly id: string; readonly stream: string }[]
  /** The state of each stream that got an event. */
  readonly touched: readonly Touched[]
  readonly stamp: number
}

export function toRecorded(row: EventRow, upcasts: Upcasts): Recorded {
  return {
    fact: { type: row.type, data: upcast(upcasts, row.type, row.version, row.data) },
    id: row.id,
    stream: row.stream,
    number: row.number,
    stamp: row.stamp,
    author: { app: row.app, device: row.device },
    recordedAt: row.recordedAt,
  }
}

/** A recorded event as the append statement reads it. */
export const toRow = (event: Recorded, upcasts: Upcasts) => ({
  number: event.number,
  id: event.id,
  stream: event.stream,
  type: event.fact.type,
  version: presentVersion(upcasts, event.fact.type),
  data: event.fact.data,
  app: event.author.app,
  device: event.author.device,
})

export interface UnitParts {
  readonly db: Queryable
  readonly origin: Origin
  readonly head: Head
  readonly upcasts: Upcasts
  readonly reactions: readonly Reaction[]
}

export function createUnit({ db, origin, head, upcasts, reactions }: UnitParts): Unit & {
  pending(): Pending
  wasCarriedOut(): Promise<boolean>
  adopt(decider: AnyDecider, id: string, events: readonly Recorded[]): void
  adoptHeard(edit: string, heard: boolean): void
} {
  const streams = new Map<string, Stream>()
  const decided: Recorded[] = []
  const heard: { id: string; stream: string }[] = []
  const namedByKey: string[] = []
  /** Whether an edit was heard, where that is known already. */
  const hearing = new Map<string, boolean>()
  // One stamp for the whole append: a first sync of thousands must not run ahead of the clock.
  const stamp = Math.max(Math.floor(origin.now / 1000), head.lastStamp + 1)
  let reacted = 0

  const name = (decider: AnyDecider, id: string) => `${decider.kind}/${id}`

  const stream = (decider: AnyDecider, id: string): Stream => {
    const found = streams.get(name(decider, id))
    if (!found) throw new Error(`stream ${name(decider, id)} was not loaded`)
    return found
  }

  const adopt = (decider: AnyDecider, id: string, events: readonly Recorded[]) => {
    if (streams.has(name(decider, id))) return
    streams.set(name(decider, id), { decider, id, events: [...events], state: fold(decider, events), touched: false })
  }

  const eventId = (edit: string | undefined, index: number): string => {
    if (edit !== undefined) return index === 0 ? edit : uuidv5(String(index), edit)
    if (!origin.request) return randomUUID()
    const id = uuidv5(
      `${origin.author.app}\n${origin.request.key}\n${origin.request.hash}\n${decided.length}`,
      origin.user,
    )
    namedByKey.push(id)
    return id
  }

  function append<F extends Fact>(target: Stream, fact: F, author: Author | undefined, id: string): Recorded<F> {
    const event: Recorded<F> = {
      fact,
      id,
      stream: name(target.decider, target.id),
      number: head.lastNumber + decided.length + 1,
      stamp,
      author: author ?? origin.author,
      recordedAt: origin.now,
    }
    decided.push(event)
    target.events.push(event)
    target.state = after(target.decider, target.state, event)
    target.touched = true
    return event
  }

  const unit: Unit = {
    origin,
    head,
    get number() {
      return head.lastNumber + decided.length
    },
    async load(decider, ids) {
      const missing = ids.filter((id) => !streams.has(name(decider, id)))
      if (missing.length === 0) return
      const names = missing.map((id) => name(decider, id))
      const found = await rows<EventRow>(db, decider.newestIsWhole ? readNewest : readStreams, [origin.user, names])
      const byStream = Map.groupBy(found, (row) => row.stream)
      missing.forEach((id, i) => {
        adopt(
          decider,
          id,
          (byStream.get(names[i] as string) ?? []).map((row) => toRecorded(row, upcasts)),
        )
      })
    },
    state: <S, C, F extends Fact>(decider: Decider<S, C, F>, id: string) => stream(decider, id).state as S,
    events: <S, C, F extends Fact>(decider: Decider<S, C, F>, id: string) =>
      stream(decider, id).events as Recorded<F>[],
    decide: <S, C, F extends Fact>(
      decider: Decider<S, C, F>,
      id: string,
      command: C,
      options: { readonly edit?: string; readonly author?: Author } = {},
    ) => {
      const target = stream(decider, id)
      const facts = decider.decide(target.state as S, command)
      if (isRefusal(facts)) return facts
      return facts.map((fact, index) => append(target, fact, options.author, eventId(options.edit, index)))
    },
    retire: (decider, id, data) => {
      const target = stream(decider, id)
      if (target.state === decider.initial) return
      append(target, { type: 'StreamMerged', data: { ...data, at: origin.now } }, balados, eventId(undefined, 0))
    },
    async heard(edits) {
      const known = edits.filter((edit) => hearing.get(edit))
      const asked = edits.filter((edit) => !hearing.has(edit))
      if (asked.length === 0) return new Set(known)
      const found = await rows<{ id: string }>(db, readHeard, [origin.user, asked])
      return new Set([...known, ...found.map((row) => row.id)])
    },
    hear(edit, streamName) {
      heard.push({ id: edit, stream: streamName })
    },
    async streamsOf(kind) {
      const stored = await rows<{ stream: string }>(db, readStreamNames, [origin.user, kind])
      const fresh = [...streams.values()].filter((s) => s.touched && s.decider.kind === kind).map((s) => s.id)
      return [...new Set([...stored.map((row) => row.stream.slice(kind.length + 1)), ...fresh])]
    },
    touched: () =>
      [...streams.values()].filter((s) => s.touched).map((s) => ({ kind: s.decider.kind, id: s.id, state: s.state })),
    async react() {
      while (reacted < decided.length) {
        const fresh = decided.slice(reacted)
        reacted = decided.length
        for (const reaction of reactions) await reaction(unit, fresh)
      }
    },
  }

  return Object.assign(unit, {
    adopt,
    adoptHeard: (edit: string, heard: boolean) => {
      hearing.set(edit, heard)
    },
    /** Whether events named by this request's key are in the journal: it was carried out, and its answer is forgotten. */
    wasCarriedOut: async () => (await unit.heard(namedByKey)).size > 0,
    pending: (): Pending => ({
      events: decided,
      heard,
      stamp,
      touched: unit.touched(),
    }),
  })
}
