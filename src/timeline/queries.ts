import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import type { ContributionKind } from '../popularity/events.ts'

export interface TimelineRow {
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly kind: ContributionKind
  readonly podcast: PodcastId
  readonly episode: EpisodeId | null
  /** Null of a group. */
  readonly handle: string | null
  readonly people: number
  readonly comment: string | null
}

/** Where a page of the timeline ended. */
export interface Place {
  readonly at: number
  readonly id: string
}

export interface TimelinePage {
  readonly limit: number
  readonly offset: number
  readonly before: Place | null
  readonly kind: ContributionKind | null
  readonly podcast: PodcastId | null
  readonly handle: string | null
  /** Milliseconds since 1970: how far back the timeline reaches. */
  readonly since: number
}

// As a number: reading twenty times of day from text takes longer than all else of a page.
const columns =
  '(extract(epoch from at) * 1000)::bigint as at, id, kind, podcast_id as podcast, episode_id as episode, handle, people, comment'

/** Only the conditions that are asked for, so that each has an index to walk. */
function pageStatement(filters: readonly string[]): Statement {
  const where = filters.map((column, i) => ` and ${column} = $${i + 6}`).join('')
  return {
    name: `timeline-${filters.join('-')}`,
    text: `select ${columns} from projections.timeline
      where at >= to_timestamp($1::float8 / 1000) and (at, id) < (to_timestamp($2::float8 / 1000), $3::uuid)${where}
      order by timeline.at desc, id desc limit $4 offset $5`,
  }
}

const end: Place = { at: Date.UTC(2300, 0, 1), id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }

/** One page of what listeners let others know, the newest first. */
export function timelinePage(db: Queryable, page: TimelinePage): Promise<TimelineRow[]> {
  const { limit, offset, before, kind, podcast, handle, since } = page
  const filters = Object.entries({ kind, podcast_id: podcast, handle }).filter(([, value]) => value !== null)
  const { at, id } = before ?? end
  const statement = pageStatement(filters.map(([column]) => column))
  return rows(db, statement, [since, at, id, limit, offset, ...filters.map(([, value]) => value)])
}

// One walk along the index, from each newcomer to the next person who was not met yet.
const people = (target: string, name: string): Statement => ({
  name: `timeline-people-${name}`,
  text: `with recursive met as (
      (select handle, at, id, array[handle] as known from projections.timeline
        where ${target} = $1 and kind = $2 and handle is not null order by at desc, id desc limit 1)
      union all
      select next.handle, next.at, next.id, met.known || next.handle from met cross join lateral (
        select handle, at, id from projections.timeline t
        where ${target} = $1 and kind = $2 and handle is not null and (t.at, t.id) < (met.at, met.id)
          and t.handle <> all(met.known)
        order by t.at desc, t.id desc limit 1) next
      where cardinality(met.known) < 10)
    select handle from met`,
})
const peopleOfPodcast = people('podcast_id', 'podcast')
const peopleOfEpisode = people('episode_id', 'episode')

/** The ten people who last did this to a podcast or an episode and let others know, the newest first, by handle. */
export async function recentPeople(
  db: Queryable,
  kind: ContributionKind,
  of: { readonly podcast: PodcastId } | { readonly episode: EpisodeId },
): Promise<string[]> {
  const found =
    'episode' in of
      ? rows<{ handle: string }>(db, peopleOfEpisode, [of.episode, kind])
      : rows<{ handle: string }>(db, peopleOfPodcast, [of.podcast, kind])
  return (await found).map((row) => row.handle)
}
