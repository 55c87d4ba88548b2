import type { Edit } from './edits.ts'
import { lists } from './rows.ts'
import { emptyShelf, type OpenShelf } from './shelf.ts'
import type { Storage } from './storage.ts'

/** An edit the server has not confirmed yet. */
export interface Waiting extends Edit {
  /** The token the device had when the edit was made: it says what the person had seen. */
  readonly under: string | null
}

/** A request whose answer is awaited. After a lost answer it is sent again as it was, under the same key. */
export interface Sending {
  readonly key: string
  readonly under: string | null
  readonly edits: readonly Waiting[]
}

/** What a device must not forget. */
export interface Memory {
  /** Names the device in its request tokens. */
  readonly device: string
  /** As the server told it. */
  base: OpenShelf
  /** The `sync_token` of the last answer. */
  token: string | null
  outbox: Waiting[]
  sending: Sending | null
}

/** Kept apart, so that an edit does not write the whole shelf: rows with their token, and edits with the device's name. */
export interface Keeper {
  readonly memory: Memory
  keepShelf(): Promise<void>
  keepEdits(): Promise<void>
}

export async function openMemory(storage: Storage, name: string): Promise<Keeper> {
  const [shelfKey, editsKey] = [`${name}.shelf`, `${name}.edits`]
  const shelf = read<{ base: OpenShelf; token: string | null }>(await storage.get(shelfKey))
  const edits = read<{ device: string; outbox: Waiting[]; sending: Sending | null }>(await storage.get(editsKey))
  const memory: Memory = {
    device: edits?.device ?? crypto.randomUUID(),
    base: shelf?.base ?? emptyShelf(),
    token: shelf?.token ?? null,
    outbox: edits?.outbox ?? [],
    sending: edits?.sending ?? null,
  }

  /** One after the other, each with what is true when it is asked for. */
  let writes: Promise<unknown> = Promise.resolve()
  const write = (key: string, value: unknown): Promise<void> => {
    const text = JSON.stringify(value)
    const done = writes.then(() => storage.set(key, text))
    writes = done.catch(() => undefined)
    return done
  }
  const keeper: Keeper = {
    memory,
    keepShelf: () => write(shelfKey, { base: memory.base, token: memory.token }),
    keepEdits: () => write(editsKey, { device: memory.device, outbox: memory.outbox, sending: memory.sending }),
  }
  // Before the server hears of it: a device that forgot its name would be another one.
  if (edits === null) await keeper.keepEdits()
  return keeper
}

function read<T>(text: string | null | undefined): T | null {
  return text === null || text === undefined ? null : (JSON.parse(text) as T)
}

/** What the device shows: what the server told, with what it was not told yet on top. */
export function shownOf({ base, sending, outbox }: Memory): OpenShelf {
  const shown = { ...base }
  for (const name of lists) shown[name] = { ...base[name] } as never
  for (const edit of [...(sending?.edits ?? []), ...outbox]) place(shown, edit)
  return shown
}

export function place(shelf: OpenShelf, { list, key, thing }: Edit): void {
  shelf[list][key] = thing as never
}
