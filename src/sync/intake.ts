import { hash } from 'node:crypto'
import { stringify } from 'uuid'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import type { Origin } from '../kernel/endpoint.ts'
import { mayBeUnstorable, unstorable } from '../kernel/storable.ts'
import type { Catalog, EpisodeEntry } from '../podcast/catalog.ts'
import type { AnyLane, Ids, LaneName, NamedEpisode, Said } from './lane.ts'
import { lanes } from './lanes/index.ts'

export interface Rejected {
  readonly type: LaneName
  readonly index: number
  readonly reason: string
}

/** The entries of one lane that edit one stream, oldest first. */
export interface Group {
  readonly lane: AnyLane
  readonly id: string
  readonly said: readonly (Said<unknown> & { readonly index: number })[]
}

export interface Intake {
  readonly groups: readonly Group[]
  readonly rejected: readonly Rejected[]
  readonly ids: Ids
}

/** Names an edit by who made it and what it says: the same edit sent twice has the same name. */
function editName(origin: Origin, lane: LaneName, entry: string): string {
  const { app, device } = origin.author
  const digest = hash('sha1', `${origin.user}\n${app}\n${device ?? ''}\n${lane}\n${entry}`, 'buffer').subarray(0, 16)
  // The form of a version 5 UUID (RFC 9562, 5.5).
  digest[6] = ((digest[6] as number) & 0x0f) | 0x50
  digest[8] = ((digest[8] as number) & 0x3f) | 0x80
  return stringify(digest)
}

/**
 * Makes sense of a request's entries: validates each, gives ids to what they name, clamps clocks that are ahead, and
 * puts each device's own edits of one thing in their order. Changes nothing but the catalog.
 */
export async function takeIn(
  catalog: Catalog,
  origin: Origin,
  asked: Readonly<Record<LaneName, readonly unknown[]>>,
): Promise<Intake> {
  const rejected: Rejected[] = []
  const understood: { lane: AnyLane; index: number; entry: unknown; json: string }[] = []
  for (const lane of lanes) {
    asked[lane.name].forEach((raw, index) => {
      const parsed = lane.entry.safeParse(raw)
      if (!parsed.success) {
        rejected.push({ type: lane.name, index, reason: sentence(parsed.error.issues) })
        return
      }
      // Of what was understood only: fields nobody knows may be nested deeper than anything can follow.
      const json = JSON.stringify(parsed.data)
      const path = mayBeUnstorable(json) ? unstorable(parsed.data) : undefined
      if (path === undefined) understood.push({ lane, index, entry: parsed.data, json })
      else rejected.push({ type: lane.name, index, reason: `${path}: holds a NUL character or half a surrogate pair` })
    })
  }
  const ids = await identify(catalog, understood)
  const groups = new Map<string, { lane: AnyLane; id: string; said: (Said<unknown> & { index: number })[] }>()
  for (const { lane, index, entry, json } of understood) {
    const id = lane.streamId(entry, ids, origin)
    const key = `${lane.name} ${id}`
    const group = groups.get(key) ?? { lane, id, said: [] }
    groups.set(key, group)
    const sentAt = lane.time(entry)
    // Ahead of the server's clock is no time a later edit of another device could beat; order within a device's own
    // edits is that of what it sent, so the clamp keeps it.
    group.said.push({ entry, edit: editName(origin, lane.name, json), at: Math.min(sentAt, origin.now), sentAt, index })
  }
  for (const { said } of groups.values()) said.sort((a, b) => a.sentAt - b.sentAt)
  return { groups: [...groups.values()], rejected, ids }
}

/** What is wrong first of all is enough to mend an entry, and a body of bad entries stays answerable. */
const mostIssues = 3

const sentence = (issues: readonly { path: readonly PropertyKey[]; message: string }[]): string =>
  issues
    .slice(0, mostIssues)
    .map((issue) => (issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message))
    .join('; ')

const nameKey = ({ feed, item }: NamedEpisode) => `${feed}\n${item.guid}\n${item.enclosure}`

async function identify(catalog: Catalog, understood: readonly { lane: AnyLane; entry: unknown }[]): Promise<Ids> {
  const feeds = new Set(understood.flatMap(({ lane, entry }) => lane.feeds(entry)))
  const podcasts = await catalog.podcasts([...feeds])
  const items = new Map<string, EpisodeEntry>()
  for (const { lane, entry } of understood) {
    for (const name of lane.items(entry)) {
      items.set(nameKey(name), { ...name.item, podcast: podcasts.get(name.feed) as PodcastId })
    }
  }
  const episodes = await catalog.episodes([...items.values()])
  const byName = new Map([...items.keys()].map((key, i) => [key, episodes[i] as EpisodeId]))
  const known = <T>(id: T | undefined): T => {
    if (id === undefined) throw new Error('a name of this request was not looked up')
    return id
  }
  return {
    podcast: (feed) => known(podcasts.get(feed)),
    episode: (name) => known(byName.get(nameKey(name))),
  }
}
