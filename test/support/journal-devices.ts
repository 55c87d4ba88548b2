import { randomUUID } from 'node:crypto'
import type { UserId } from '../../src/kernel/brand.ts'
import type { Doors, Knock, Said } from './journal-doors.ts'
import {
  type Change,
  type Edit,
  type Entry,
  editOf,
  noRows,
  playlistId,
  type Rows,
  rowsOfAnswer,
  withRows,
} from './journal-rows.ts'

/** How an app is built, and how its device's clock goes. */
export interface Make {
  readonly app: string
  /** Null for an app that does not name its devices. */
  readonly name: string | null
  /** Milliseconds its clock is ahead of the server's. */
  readonly skew: number
  readonly shape: 'A' | 'B'
  /** It sends lists with all their fields; otherwise only what it changed. */
  readonly whole: boolean
  /** It sends each thing once, as it stands now, whatever happened to it since the last sync. */
  readonly compacts: boolean
}

/** A change that no answer has acknowledged yet. */
interface Pending {
  readonly change: Change
  readonly at: number
  readonly edit: Edit
}

/** A sync request that left a device. */
export interface Request {
  readonly body: Entry
  readonly key: string
  readonly turn: number
  /** How many changes it carries. */
  readonly carries: number
}

/** An app on a device, as one would write it: rows of its own, changes that wait, and the token of the last answer. */
export interface Device {
  readonly make: Make
  readonly user: UserId
  /** As the last answer left them. */
  base: Rows
  /** With what waits in the outbox on top: what the listener sees. */
  rows: Rows
  outbox: Pending[]
  token: string | null
  clock: number
  skew: number
  turn: number
  /** Direct commands that are under way. */
  commands: number
  /** All that ever left, to be repeated. */
  readonly sent: Request[]
}

export const newDevice = (user: UserId, make: Make): Device => ({
  make,
  user,
  base: noRows(),
  rows: noRows(),
  outbox: [],
  token: null,
  clock: 0,
  skew: make.skew,
  turn: 0,
  commands: 0,
  sent: [],
})

/** The listener does something on a device; false where the app does not offer it. */
export function change(device: Device, what: Change, now: number): boolean {
  device.clock = Math.max(device.clock + 1, now + device.skew)
  return carryOut(device, what, device.clock)
}

function carryOut(device: Device, what: Change, at: number): boolean {
  const edit = editOf(device.rows, device.user, what, at, device.make.whole)
  if (!edit) return false
  device.rows = withRows(device.rows, { [edit.lane]: { [edit.key]: edit.row } })
  device.outbox.push({ change: what, at, edit })
  return true
}

export function prepare(device: Device): Request {
  const { shape } = device.make
  const lists: Record<string, Entry[]> = {}
  for (const { lane, entry } of waiting(device)) {
    const name = lane === 'plays' && shape === 'B' ? 'play_statuses' : lane
    lists[name] = [...(lists[name] ?? []), entry]
  }
  const last_sync = device.token
  const body = shape === 'A' ? { last_sync, changes: lists } : { last_sync, subscriptions: [], ...lists }
  const request = { body, key: randomUUID(), turn: ++device.turn, carries: device.outbox.length }
  device.sent.push(request)
  return request
}

function waiting({ make, outbox }: Device): readonly Edit[] {
  const edits = outbox.map((pending) => pending.edit)
  if (!make.whole || !make.compacts) return edits
  const last = new Map<string, Edit>()
  for (const edit of edits) {
    const name = `${edit.lane} ${edit.key}`
    const reset = last.get(name)?.entry.reset ? { reset: true } : {}
    last.set(name, { ...edit, entry: { ...edit.entry, ...reset } })
  }
  return [...last.values()]
}

export const send = (doors: Doors, device: Device, request: Request, now: number, keyed: boolean): Promise<Said> =>
  doors.call('post', '/sync', {
    user: device.user,
    app: device.make.app,
    device: device.make.name,
    now,
    body: request.body,
    ...(keyed ? { key: request.key } : {}),
  })

/**
 * The answer reached the device. One that a later request or a direct command has overtaken is thrown away; what the
 * listener did while it was under way is done again on top of it.
 */
export function take(device: Device, request: Request, { status, body }: Said): void {
  if (status !== 200) throw new Error(`sync answered ${status}: ${JSON.stringify(body)}`)
  if (body.rejected.length > 0) throw new Error(`rejected: ${JSON.stringify(body.rejected)}`)
  if (request.turn !== device.turn || device.commands > 0) return
  const heard = device.outbox.slice(0, request.carries)
  for (const { edit } of heard) device.base = withRows(device.base, { [edit.lane]: { [edit.key]: edit.row } })
  device.base = withRows(device.base, rowsOfAnswer(body.changes ?? body.data))
  device.token = body.sync_token
  const since = device.outbox.slice(request.carries)
  device.rows = device.base
  device.outbox = []
  for (const { change: what, at } of since) carryOut(device, what, at)
  device.turn++
}

export async function sync(doors: Doors, device: Device, now: number): Promise<Said> {
  const request = prepare(device)
  const said = await send(doors, device, request, now, true)
  take(device, request, said)
  return said
}

/**
 * The listener does something on a device that gives it to the server at once, as a direct command, and takes it back
 * when the server refuses. False where the app does not offer it or the server refused.
 */
export async function command(doors: Doors, device: Device, what: Change, now: number): Promise<boolean> {
  device.clock = Math.max(device.clock + 1, now + device.skew)
  const edit = editOf(device.rows, device.user, what, device.clock, false)
  if (!edit) return false
  // An answer that is under way knows nothing of it, or half of it.
  device.turn++
  device.commands++
  const { user, make } = device
  const { method, path, params = {}, query = {}, body = {} } = orderOf(what, edit, user)
  const before = { base: device.base[edit.lane][edit.key], rows: device.rows[edit.lane][edit.key] }
  device.base = withRows(device.base, { [edit.lane]: { [edit.key]: edit.row } })
  device.rows = withRows(device.rows, { [edit.lane]: { [edit.key]: edit.row } })
  const said = await doors.call(method, path, { user, app: make.app, device: make.name, now, params, query, body })
  device.commands--
  device.turn++
  if (said.status >= 500) throw new Error(`${method} ${path} answered ${said.status}: ${JSON.stringify(said.body)}`)
  if (said.status < 400) return true
  for (const of of ['base', 'rows'] as const) {
    // Unless an answer of a sync has told of it meanwhile.
    if (device[of][edit.lane][edit.key] !== edit.row) continue
    device[of] = withRows(device[of], { [edit.lane]: { [edit.key]: before[of] } })
    if (before[of] === undefined) delete device[of][edit.lane][edit.key]
  }
  return false
}

type Order = { readonly method: Parameters<Doors['call']>[0]; readonly path: string } & Partial<
  Pick<Knock, 'params' | 'query' | 'body'>
>

/** The REST command that says the same as an entry of a sync. */
function orderOf(what: Change, { key, entry }: Edit, user: UserId): Order {
  const { rss_source_feed: feed, rss_source_item: item } = entry
  switch (what.what) {
    case 'subscribe':
      return { method: 'post', path: '/subscriptions', body: { rss_source_feed: feed } }
    case 'unsubscribe':
      return { method: 'delete', path: '/subscriptions/{feed}', params: { feed } }
    case 'listen':
    case 'finish':
    case 'start over': {
      const { position, played, duration } = entry
      return {
        method: 'post',
        path: '/play',
        body: { rss_source_feed: feed, rss_source_item: item, position, played, ...(duration ? { duration } : {}) },
      }
    }
    case 'save':
      return {
        method: what.saved ? 'post' : 'delete',
        path: '/episodes/{item}/save',
        params: { item },
        query: { feed },
      }
    case 'privacy':
      return { method: 'put', path: '/privacy', body: { ...entry, updated_at: undefined } }
    case 'playlist':
    case 'collection': {
      const lists = what.what === 'playlist' ? '/playlists' : '/collections'
      const id = key === 'queue' ? playlistId(user, 0) : key
      const { kind: _, updated_at: __, deleted_at: ___, items, feeds, ...fields } = entry
      const { do: done } = what.change
      const params = { id }
      if (done === 'make') return { method: 'post', path: lists, body: { ...fields, id, ...(items ? { items } : {}) } }
      if (done === 'delete') return { method: 'delete', path: `${lists}/{id}`, params }
      if (done === 'rename' || done === 'publish')
        return { method: 'patch', path: `${lists}/{id}`, params, body: fields }
      if (feeds) return { method: 'put', path: '/collections/{id}/feeds', params, body: { feeds } }
      const added = items.at(-1)
      if (done === 'add') return { method: 'post', path: '/playlists/{id}/items', params, body: added }
      return { method: 'put', path: '/playlists/{id}/items', params, body: { items } }
    }
  }
}
