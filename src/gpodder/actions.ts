import { v5 as uuidv5 } from 'uuid'
import { z } from 'zod'
import { type DownloadAction, downloadActions } from '../downloads/index.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import { unstorable } from '../kernel/storable.ts'
import type { Catalog } from '../podcast/catalog.ts'
import type { Named } from './feeds.ts'
import { isDevice, type Sender } from './sender.ts'
import { unknownLength } from './tell.ts'
import { readTime } from './times.ts'

const name = z.string().trim().min(1).max(4_000)
const day = 24 * 60 * 60 * 1000
const longest = 8_640_000
/** -1 means unset, and so does whatever is no number of seconds. */
const seconds = z.number().min(0).max(longest).transform(Math.floor).nullish().catch(null)

const sentAction = z
  .object({
    podcast: name,
    episode: name,
    action: z
      .string()
      .toLowerCase()
      .pipe(z.enum(['play', ...downloadActions])),
    device: z.string().nullish().catch(null),
    guid: z.string().trim().max(4_000).nullish().catch(null),
    timestamp: z.union([z.string(), z.number()]).nullish().catch(null),
    started: seconds,
    position: seconds,
    total: seconds,
  })
  .refine((action) => unstorable(action) === undefined)

export type SentAction = z.output<typeof sentAction>

/** Where a listener is in an episode. */
export interface Place {
  readonly position: number
  readonly played: boolean
  readonly duration: number | null
  readonly started: number | null
}

/** An action as the journal takes it. */
export interface Action {
  readonly podcast: PodcastId
  readonly episode: EpisodeId
  readonly device: string | null
  readonly at: number
  /** Names it by what it says, so that a batch sent twice is heard once. */
  readonly edit: string
  readonly done: { readonly kind: 'play'; readonly place: Place | null } | { readonly kind: DownloadAction }
}

/** Those that were understood: what no client could mend by sending it again must not stand in the way of the rest. */
export function readActions(sent: readonly unknown[]): SentAction[] {
  return sent.flatMap((entry) => {
    const read = sentAction.safeParse(entry)
    return read.success ? [read.data] : []
  })
}

function placeOf({ position = null, started = null, total = null }: SentAction): Place | null {
  if (position === null) return null
  // Kasts says one second where it knows no length, others say again what they were told for one.
  const isUnknown = total === null || total === 0 || total === 1 || total === unknownLength
  if (!isUnknown) return { position, played: position >= total, duration: total, started: started ?? null }
  // To be at the end of such a one means that it was played; where that is, nobody knows.
  const played = total !== null && total > 0 && started === total && position === total
  return { position: played ? 0 : position, played, duration: null, started: played ? null : (started ?? null) }
}

/** Gives the episodes their ids, at first sight if need be; oldest first. */
export async function nameActions(
  catalog: Catalog,
  { user, app, device: usual, now }: Sender,
  sent: readonly SentAction[],
  feeds: Named,
): Promise<readonly Action[]> {
  const known = sent.flatMap((action) => {
    const podcast = feeds.podcast(action.podcast)
    return podcast === null ? [] : [{ action, podcast }]
  })
  const episodes = await catalog.episodes(
    known.map(({ action, podcast }) => ({ guid: action.guid ?? '', enclosure: action.episode, podcast })),
  )
  const actions = known.map(({ action, podcast }, i): Action => {
    const episode = episodes[i] as EpisodeId
    const at = readTime(action.timestamp) ?? now
    const device = action.device && isDevice(action.device) ? action.device : usual
    const { started, position, total } = action
    // Without a time of its own, the same said on another day is not the same batch sent twice.
    const time = action.timestamp ?? Math.floor(now / day)
    const said = [device, episode, action.action, time, started, position, total]
    const edit = uuidv5(`${app} ${JSON.stringify(said)}`, user)
    const kind = action.action
    return { podcast, episode, device, at, edit, done: kind === 'play' ? { kind, place: placeOf(action) } : { kind } }
  })
  return clamped(
    actions.toSorted((a, b) => a.at - b.at),
    now,
  )
}

/**
 * Actions, oldest first, none of them ahead of `now`: no later one of another device could be newer than that. What was
 * ahead keeps its order, for each episode.
 */
function clamped(actions: readonly Action[], now: number): readonly Action[] {
  const latest = new Map<EpisodeId, number>()
  return actions
    .toReversed()
    .map((action) => {
      const most = latest.get(action.episode) ?? now
      if (action.at <= most) return action
      latest.set(action.episode, most - 1)
      return { ...action, at: most }
    })
    .toReversed()
}
