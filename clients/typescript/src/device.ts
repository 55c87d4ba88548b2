import { type Client, type ClientParts, createClient } from './client.ts'
import { carryOut } from './direct.ts'
import { type Edit, type Edits, editing } from './edits.ts'
import { BaladosError } from './errors.ts'
import { openMemory, place, type Sending, shownOf, type Waiting } from './memory.ts'
import { type Conflict, type List, lists, type SyncAnswer } from './rows.ts'
import type { CallOptions } from './send.ts'
import { emptyShelf, type Shelf, shelve } from './shelf.ts'
import type { Storage } from './storage.ts'

export interface DeviceParts extends Omit<ClientParts, 'device'> {
  readonly storage: Storage
  /** For the person: "Kitchen tablet". */
  readonly name?: string
  /** After everything that changes what the device shows. */
  readonly onChange?: () => void
}

/** What a sync came to, beyond what the shelf shows. */
export interface SyncReport {
  readonly conflicts: readonly Conflict[]
  /** Edits the server does not take; the shelf shows what it has instead. */
  readonly rejected: readonly { readonly list: List; readonly key: string; readonly reason: string }[]
}

/** One device of a person. Edits show at once and wait until `sync`; nothing of it needs a network but that. */
export interface Device extends Edits {
  /** What the device calls itself to the server. */
  readonly id: string
  /** What to show. */
  readonly shelf: Shelf
  /** How many edits wait to be sent. */
  readonly waiting: number
  /** For everything else the API offers. What the shelf holds is changed through the device, never through this. */
  readonly client: Client
  /**
   * The same edits, given to the server at once: they replace what is there, whatever other devices said meanwhile.
   * Without a network they wait for the next sync, like any other. A refusal takes the edit back, and throws.
   */
  readonly direct: Edits
  /**
   * Sends what waits, takes in what changed elsewhere. Throws `BaladosError`; whatever happens, nothing is lost, and
   * the next one goes on from there. Calls meanwhile share one sync.
   */
  sync(options?: Omit<CallOptions, 'idempotencyKey'>): Promise<SyncReport>
}

/** Fewer than the 50,000 entries and 16 MB that a request may have. */
const mostEdits = 5_000

/**
 * Opens the device that `storage` holds, or makes a new one there. One storage is for one running device: a browser's
 * second tab must wait for the first (`navigator.locks`).
 */
export async function createDevice(parts: DeviceParts): Promise<Device> {
  const { storage, name, clock = Date.now, onChange = () => undefined, ...clientParts } = parts
  const { memory, keepShelf, keepEdits } = await openMemory(storage, `balados.${parts.grant.userId}`)
  const named = { id: memory.device, ...(name === undefined ? {} : { name }) }
  const client = createClient({ ...clientParts, clock, device: named })
  let shown = shownOf(memory)
  /** Edits that go as direct commands; after a crash they go with the next sync. */
  const commanded = new Set<Waiting>()

  /** Syncs and direct commands take turns, so no answer can be overtaken by what was said after its question. */
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work)
    last = done.catch(() => undefined)
    return done
  }

  /** Shows an edit at once and keeps it; an unsent edit of the same thing becomes one with it. */
  function enqueue(edit: Edit, direct: boolean): { readonly waiting: Waiting; readonly kept: Promise<void> } {
    const before = [...(memory.sending?.edits ?? []), ...memory.outbox].filter((e) => sameThing(e, edit)).at(-1)
    const joined = before && !direct && !commanded.has(before) && memory.outbox.includes(before) ? before : null
    // Of a thing with an unsent edit the person saw that edit, and nothing that answers have brought since.
    const under = before ? before.under : memory.token
    const waiting = { ...edit, entry: { ...joined?.entry, ...edit.entry }, under }
    memory.outbox = [...memory.outbox.filter((e) => e !== joined), waiting]
    if (direct) commanded.add(waiting)
    place(shown, edit)
    const kept = keepEdits()
    onChange()
    return { waiting, kept }
  }

  function show(): void {
    shown = shownOf(memory)
    onChange()
  }

  /** Edits of the outbox made under the same token as the oldest one, to be sent under that token. */
  function nextRequest(): Sending {
    const open = memory.outbox.filter((e) => !commanded.has(e))
    const under = open[0] ? open[0].under : memory.token
    const edits = open.filter((e) => e.under === under).slice(0, mostEdits)
    memory.outbox = memory.outbox.filter((e) => !edits.includes(e))
    return { key: crypto.randomUUID(), under, edits }
  }

  let running: Promise<SyncReport> | null = null
  const sync: Device['sync'] = (options = {}) => {
    running ??= inTurn(() =>
      rounds(options).finally(() => {
        running = null
      }),
    )
    return running
  }

  async function rounds(options: CallOptions): Promise<SyncReport> {
    const conflicts: Conflict[] = []
    const rejected: SyncReport['rejected'][number][] = []
    let upToDate = false
    while (!upToDate || memory.outbox.some((e) => !commanded.has(e))) {
      // A repeated request gets the answer of its time, so another one follows it.
      upToDate = memory.sending === null
      const sending = memory.sending ?? nextRequest()
      memory.sending = sending
      // Whether the server has heard it, nobody knows after a lost answer: so it is kept before it is sent.
      if (sending.edits.length > 0) await keepEdits()
      try {
        const answer = await client.sync(bodyOf(sending), { ...options, idempotencyKey: sending.key })
        rejected.push(...takeIn(answer, sending))
        conflicts.push(...answer.conflicts)
        // In this order: a crash between leaves a request to repeat, which changes nothing.
        await keepShelf()
        await keepEdits()
      } catch (error) {
        if (!(error instanceof BaladosError)) throw error
        const unsent = [...sending.edits, ...memory.outbox]
        if (error.code === 'sync_token_expired') {
          // The server was restored, or we were away too long: sync in full. What is unsent is sent with it.
          memory.outbox = unsent.map((e) => (commanded.has(e) ? e : { ...e, under: null }))
          memory.token = null
        } else if (error.code === 'CONFLICT' && !upToDate) {
          // Kept by another version of this app, which would say the same in other words: it needs another key.
          memory.outbox = unsent
        } else throw error
        memory.sending = null
        upToDate = false
        await keepEdits()
      }
    }
    return { conflicts, rejected }
  }

  /** Rows replace what we have, by the names the server gives; an edit that still waits stays on top of them. */
  function takeIn({ sync_token, changes, rejected }: SyncAnswer, sending: Sending): SyncReport['rejected'] {
    const refused = rejected.flatMap(({ type, index, reason }) => {
      const edit = sending.edits.filter((e) => e.list === type)[index]
      return edit ? [{ edit, list: type, key: edit.key, reason }] : []
    })
    if (sending.under === null) {
      // In full: what the answer does not hold is not there.
      memory.base = emptyShelf()
    } else {
      // What stands as it was sent is not told.
      for (const edit of sending.edits) if (!refused.some((r) => r.edit === edit)) place(memory.base, edit)
    }
    shelve(memory.base, changes)
    memory.token = sync_token
    memory.sending = null
    show()
    return refused.map(({ list, key, reason }) => ({ list, key, reason }))
  }

  /** Shows the edit at once, gives it to the server in its turn, and leaves it to the next sync where that fails. */
  async function command(edit: Edit): Promise<void> {
    const { waiting, kept } = enqueue(edit, true)
    await kept
    await inTurn(async () => {
      try {
        // An older edit of the thing, or an older question, must not be answered after this.
        if (memory.sending !== null || memory.outbox.some((e) => e !== waiting && sameThing(e, edit))) await rounds({})
        if (!(await carryOut(client, edit, memory.base))) {
          commanded.delete(waiting)
          return
        }
        place(memory.base, edit)
      } catch (error) {
        commanded.delete(waiting)
        if (error instanceof BaladosError && (error.isPassing || mayStillSync(error))) return
        memory.outbox = memory.outbox.filter((e) => e !== waiting)
        show()
        await keepEdits()
        throw error
      }
      commanded.delete(waiting)
      memory.outbox = memory.outbox.filter((e) => e !== waiting)
      show()
      await keepShelf()
      await keepEdits()
    })
  }

  return {
    ...editing(
      () => shown,
      clock,
      (edit) => enqueue(edit, false).kept,
    ),
    direct: editing(() => shown, clock, command),
    id: memory.device,
    get shelf() {
      return shown
    },
    get waiting() {
      return memory.outbox.length + (memory.sending?.edits.length ?? 0)
    },
    client,
    sync,
  }
}

const sameThing = (a: Edit, b: Edit): boolean => a.list === b.list && a.key === b.key

/** Not a refusal of the edit: the app is not allowed (any more), or not this way. */
const mayStillSync = ({ code }: BaladosError): boolean => code === 'UNAUTHORIZED' || code === 'FORBIDDEN'

/** The same for the same request, to the letter. */
function bodyOf({ under, edits }: Sending) {
  const changes = lists.flatMap((list) => {
    const entries = edits.flatMap((e) => (e.list === list ? [e.entry] : []))
    return entries.length > 0 ? [[list, entries]] : []
  })
  return { last_sync: under, changes: Object.fromEntries(changes) as Record<string, never> }
}
