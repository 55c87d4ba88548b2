import type { Refusal } from '../kernel/refusal.ts'
import { refuse } from '../kernel/refusal.ts'
import {
  type Arrangement,
  applicable,
  changesNothing,
  inOrder,
  type Rearrangement,
  rearrange,
  rearranged,
  unchanged,
} from './arrangement.ts'
import { mergeRegister, prefersGreater, prefersTrue, type Register } from './register.ts'
import { type EditTime, knows, type Seen, type Written } from './seen.ts'

/**
 * What playlists and collections have in common: a few words that the newest edit wins, being there or deleted, and
 * items in an order. `Fields` are texts, null, or booleans.
 */
export type Fields = Readonly<Record<string, string | boolean | null>>

export interface ListState {
  readonly fields: Readonly<Record<string, Register<string | boolean | null>>>
  /** Whether it is there; deleting keeps the items, so that an edit newer than the deletion brings them back. */
  readonly alive: Register<boolean> | null
  readonly items: Arrangement
  readonly insertedAt: number
  readonly updatedAt: number
  readonly number: number
  readonly author: string | null
  readonly stamp: number
  readonly echo: string | null
}

export const noList: ListState = {
  fields: {},
  alive: null,
  items: {},
  insertedAt: 0,
  updatedAt: 0,
  number: 0,
  author: null,
  stamp: 0,
  echo: null,
}

/** One device's edit of a list: only what is given is said. */
export interface ListEdit extends EditTime {
  readonly fields: Partial<Fields>
  readonly deleted?: boolean
  /** The whole list as the device has it, or single changes. */
  readonly items?: readonly string[] | { readonly add: readonly string[]; readonly remove: readonly string[] }
  /** The server's own tidying: nobody's word that the list should stay. */
  readonly tidies?: true
  readonly seen: Seen
  /** The state the device knew (`knownState`); for direct commands the present one. */
  readonly known: ListState
}

/** What an edit comes to, as data for the slice's events. */
export interface ListChange {
  readonly created: boolean
  /** Those nobody has said have the time 0. */
  readonly fields: readonly { readonly name: string; readonly value: string | boolean | null; readonly at: number }[]
  /** Whether it is there, said anew: by deleting, by bringing back, and by every other edit. */
  readonly alive: { readonly value: boolean; readonly at: number } | null
  readonly items: Rearrangement
  readonly at: number
  /** Whether the list now is exactly what the device sent. */
  readonly asSent: boolean
  /** Whether somebody else's change since was merged with this one. */
  readonly merged: boolean
}

export const longestList = 10_000

const prefersField = (a: string | boolean | null, b: string | boolean | null): number =>
  typeof a === 'boolean' && typeof b === 'boolean' ? prefersTrue(a, b) : prefersGreater(a as string, b as string)

const wantedItems = (edit: ListEdit): readonly string[] | undefined => {
  if (edit.items === undefined) return undefined
  if (Array.isArray(edit.items)) return edit.items as readonly string[]
  const { add, remove } = edit.items as { add: readonly string[]; remove: readonly string[] }
  const gone = new Set(remove)
  return [...inOrder(edit.known.items).filter((item) => !gone.has(item)), ...add.filter((item) => !gone.has(item))]
}

/**
 * Merges one edit into a list; null when it changes nothing. Pure and, for concurrent edits, independent of the order
 * they arrive in.
 *
 * @param defaults the fields of a list that did not exist
 */
export function mergeList(state: ListState, edit: ListEdit, defaults: Fields): ListChange | Refusal | null {
  const exists = state.alive !== null
  if (!exists && edit.deleted === true && edit.seen.what === 'all') return null
  // Where nobody knows what the device had seen, its whole list stands or falls by its time.
  if (exists && edit.seen.what === 'unknown' && edit.at <= state.updatedAt) return null
  const { seen, said, diff, items, alive } = weigh(state, edit)
  const fields = said.flatMap(({ name, value, verdict }) => (verdict.taken ? [{ name, value, at: verdict.at }] : []))
  if (!exists)
    for (const [name, value] of Object.entries(defaults))
      if (edit.fields[name] === undefined) fields.push({ name, value, at: 0 })

  if (exists && fields.length === 0 && !alive.said && changesNothing(items)) return null
  const at = exists && knows(seen, state) ? Math.max(edit.at, state.updatedAt + 1) : edit.at
  const change = { created: !exists, fields, alive: alive.said, items, at }
  const after = evolveList(state, { ...change, asSent: false }, { number: 0, author: null }, 0, 0)
  if (Object.keys(after.items).length > longestList)
    return refuse('too_many_items', `A list holds at most ${longestList} items.`)
  const merged =
    said.some(({ verdict }) => verdict.concurrent) ||
    items.added.some(([item, place]) => after.items[item]?.place !== place) ||
    items.moved.length + items.removed.length < diff.moved.length + diff.removed.length
  return { ...change, asSent: isAsSent(after, edit), merged }
}

/** Whether an edit that changes nothing is one that newer edits of others have overruled. */
export function isOverruled(state: ListState, edit: ListEdit): boolean {
  if (edit.seen.what !== 'until' || state.alive === null) return false
  const { said, alive } = weigh(state, edit)
  return alive.overruled || said.some(({ verdict }) => verdict.concurrent && !verdict.taken)
}

/** Each thing an edit says, beside what stands. */
function weigh(state: ListState, edit: ListEdit) {
  const seen: Seen = edit.seen.what === 'unknown' ? { what: 'all' } : edit.seen
  const known = edit.seen.what === 'unknown' ? state : edit.known
  const ofKnown: ListEdit = { ...edit, known, seen }
  const said = Object.entries(edit.fields).flatMap(([name, value]) => {
    const before = known.fields[name] ?? null
    // A field the device left as it knew it is no edit of that field.
    if (value === undefined || (before && prefersField(value, before.value) === 0)) return []
    const verdict = mergeRegister(state.fields[name] ?? null, before, { value, at: edit.at, seen }, prefersField)
    return [{ name, value, verdict }]
  })
  const wanted = edit.deleted === true ? undefined : wantedItems(ofKnown)
  const diff = wanted === undefined ? unchanged : rearrange(known.items, wanted, edit.at)
  const items = applicable(state.items, diff, seen)
  const alive = mergeAlive(state, ofKnown, said.length > 0 || !changesNothing(diff))
  return { seen, said, diff, items, alive }
}

/** What an edit says of the list's being there, if it says something that holds. */
interface Life {
  readonly said: { readonly value: boolean; readonly at: number } | null
  readonly overruled: boolean
}

/**
 * Deleting and editing contend like any two values: the newer wins, and on a tie the list stays. So an edit says that
 * the list is there, for a deletion that comes later but was made earlier to meet.
 */
function mergeAlive(state: ListState, edit: ListEdit, edited: boolean): Life {
  const value = edit.deleted !== true
  if (!state.alive) return { said: { value, at: edit.at }, overruled: false }
  const knewItAlive = edit.known.alive?.value
  const says = knewItAlive === undefined || (edit.deleted !== undefined && value !== knewItAlive)
  if (!says && !(edited && value && !edit.tidies)) return { said: null, overruled: false }
  const said = { value, at: edit.at, seen: edit.seen }
  const { taken, reason, at, concurrent } = mergeRegister(state.alive, edit.known.alive, said, prefersTrue)
  const holds = taken || (reason === 'same' && at > state.alive.at)
  return { said: holds ? { value, at } : null, overruled: concurrent && !taken }
}

/** Whether the list is what the device has: what it said, and where it said nothing, what it knew. */
function isAsSent(after: ListState, edit: ListEdit): boolean {
  if (after.updatedAt !== edit.sentAt || (after.alive?.value ?? false) === (edit.deleted === true)) return false
  if (edit.deleted === true) return true
  const { fields } = edit
  // Only a token says what a device knew; who commands may never have seen the rest.
  const known = edit.seen.what === 'until' ? edit.known : noList
  const has = (name: string) => (fields[name] === undefined ? known.fields[name]?.value : fields[name])
  if (!Object.entries(after.fields).every(([name, { value }]) => value === has(name))) return false
  const wanted = [...new Set(wantedItems({ ...edit, known }) ?? inOrder(known.items))]
  const order = inOrder(after.items)
  return wanted.length === order.length && wanted.every((item, i) => item === order[i])
}

/** The list after a change written at `written`. */
export function evolveList(
  state: ListState,
  change: Omit<ListChange, 'merged'>,
  written: Written,
  stamp: number,
  recordedAt: number,
): ListState {
  const fields = { ...state.fields }
  for (const { name, value, at } of change.fields) fields[name] = { value, at, ...written }
  return {
    fields,
    alive: change.alive ? { ...change.alive, ...written } : state.alive,
    items: rearranged(state.items, change.items, written),
    insertedAt: change.created ? recordedAt : state.insertedAt,
    updatedAt: Math.max(change.at, state.updatedAt),
    ...written,
    stamp,
    echo: change.asSent ? written.author : null,
  }
}
