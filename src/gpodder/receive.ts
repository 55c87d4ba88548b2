import { v5 as uuidv5 } from 'uuid'
import { download } from '../downloads/index.ts'
import type { Listening } from '../journal/listening.ts'
import type { Unit } from '../journal/unit.ts'
import { authorKey } from '../kernel/decider.ts'
import { answer } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal } from '../kernel/refusal.ts'
import { play } from '../plays/index.ts'
import { type Action, nameActions, readActions } from './actions.ts'
import { type Named, nameFeeds } from './feeds.ts'
import { originOf, type Sender } from './sender.ts'

/** How the journal stood before a write and after it, as stamps; the same where nothing was new. */
export interface Written {
  readonly before: number
  readonly after: number
}

export interface Received {
  /** What the server calls the feeds that were named otherwise: `""` for what it does not take. */
  readonly updates: Named['updates']
  /** The devices that the actions name. */
  readonly devices: readonly string[]
  readonly written: Written
  /** The number of the first event that stands against what was sent, to be told again. Null for none. */
  readonly overruled: number | null
}

/**
 * Takes in actions as clients send them, all in one write; what was heard before adds nothing, and what can't be
 * understood stands in nobody's way.
 */
export async function receiveActions(
  { journal, catalog }: Pick<Listening, 'journal' | 'catalog'>,
  sender: Sender,
  entries: readonly unknown[],
): Promise<Received | Refusal> {
  const sent = readActions(entries)
  const feeds = await nameFeeds(
    catalog,
    sent.map((action) => action.podcast),
  )
  const actions = await nameActions(catalog, sender, sent, feeds)
  const devices = [...new Set(actions.flatMap((action) => action.device ?? []))]
  let written: Written = { before: 0, after: 0 }
  let overruled: number | null = null
  const work = async (unit: Unit) => {
    written = await takeIn(unit, sender.app, actions)
    overruled = overruledFrom(unit, sender.app, actions)
    return answer(200, null)
  }
  const origin = originOf({ ...sender, device: devices[0] ?? sender.device })
  const said = await journal.commit(origin, work, prefetchFor(actions))
  return isRefusal(said) ? said : { updates: feeds.updates, devices, written, overruled }
}

/** Most requests tell of one play, and need no more than this to decide. */
function prefetchFor([only, ...more]: readonly Action[]) {
  if (!only || more.length > 0 || only.done.kind !== 'play') return undefined
  return { decider: play, id: only.episode, edit: only.edit }
}

/** Lets the deciders hear every action that was not heard before. */
async function takeIn(unit: Unit, app: string, actions: readonly Action[]): Promise<Written> {
  const episodesWhere = (wanted: (done: Action['done']) => boolean) => [
    ...new Set(actions.filter(({ done }) => wanted(done)).map(({ episode }) => episode)),
  ]
  await unit.load(
    play,
    episodesWhere((done) => done.kind === 'play' || done.kind === 'new'),
  )
  await unit.load(
    download,
    episodesWhere((done) => done.kind !== 'play' || isPlayed(done)),
  )
  const heard = new Set(await unit.heard(actions.map((action) => action.edit)))
  const before = unit.head.lastStamp
  let after = before
  for (const action of actions) {
    if (heard.has(action.edit)) continue
    heard.add(action.edit)
    const { episode, edit, done } = action
    const decided = decide(unit, app, action)
    const decider = done.kind === 'play' ? play : download
    if (isRefusal(decided) || decided.length === 0) unit.hear(edit, `${decider.kind}/${episode}`)
    else after = decided[0]?.stamp ?? after
    if (done.kind === 'new' || isPlayed(done)) takeBack(unit, action)
  }
  return { before, after }
}

/**
 * From where on another's play stands against the last that was sent of an episode, heard now or before: the client may
 * have been told of it long ago, and gone on from there by a clock that is behind.
 */
function overruledFrom(unit: Unit, app: string, actions: readonly Action[]): number | null {
  const newest = new Map(actions.map((action) => [action.done.kind === 'play' ? action.episode : null, action]))
  const numbers = [...newest.values()].flatMap(({ episode, device, done }) => {
    if (done.kind !== 'play' || done.place === null) return []
    const stands = unit.state(play, episode)
    if (!stands || (stands.position === done.place.position && stands.played === done.place.played)) return []
    const own = stands.saidBy.author !== null && stands.saidBy.author === authorKey({ app, device })
    return own ? [] : [stands.saidBy.number]
  })
  return numbers.length === 0 ? null : numbers.reduce((a, b) => Math.min(a, b))
}

function decide(unit: Unit, app: string, { podcast, episode, device, at, edit, done }: Action) {
  const options = { edit, author: { app, device } }
  if (done.kind !== 'play') return unit.decide(download, episode, { podcast, action: done.kind, at }, options)
  if (done.place === null) return []
  // No door without tokens knows what the device had seen: the action's own time decides.
  const command = { podcast, ...done.place, reset: false, at, sentAt: at, seen: { what: 'unknown' } } as const
  return unit.decide(play, episode, command, options)
}

const isPlayed = (done: Action['done']): boolean => done.kind === 'play' && done.place?.played === true

/** Who marks an episode as new takes back that it was played, in whatever order the two are heard. */
function takeBack(unit: Unit, { podcast, episode, edit }: Action): void {
  const marked = unit.state(download, episode)?.done.new
  const known = unit.state(play, episode)
  if (!marked || !known?.played || marked.at <= known.at) return
  const { at } = marked
  const place = { position: 0, played: false, duration: known.duration, started: null, reset: false }
  const command = { podcast, ...place, at, sentAt: at, seen: { what: 'unknown' } } as const
  const author = { app: marked.app, device: marked.device }
  unit.decide(play, episode, command, { edit: uuidv5('taken back', edit), author })
}
