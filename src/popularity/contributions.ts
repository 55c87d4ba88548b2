import type pg from 'pg'
import { rows } from '../database/store.ts'
import type { EpisodeId, PodcastId, UserId } from '../kernel/brand.ts'
import type { Contribution, ContributionKind, Standing } from './events.ts'
import type { Choice, Deed } from './gather.ts'
import { inEither, type Place } from './tables.ts'

/** A contribution as it is kept, private ones too, with what others know of it at this moment. */
export interface KeptContribution extends Contribution {
  /** Whether the subscription, save or share holds still; always true of plays. */
  readonly active: boolean
  readonly standing: Standing
}

/** One contribution's key: a person, a kind, and an episode or a podcast. */
export interface ContributionKey {
  readonly user: UserId
  readonly kind: ContributionKind
  readonly target: string
}

interface Row {
  user: UserId
  kind: ContributionKind
  podcast: PodcastId
  episode: EpisodeId | null
  at: Date
  event: string
  comment: string | null
  active: boolean
  counted: boolean
  shown: Standing['shown']
}

const columns = `c.user_id as "user", c.kind, c.podcast_id as podcast, c.episode_id as episode, c.at, c.event_id as event,
  c.comment, c.active, c.counted, c.shown`

const sql = inEither((place) => ({
  begin: {
    name: 'contributions-begin',
    text: `insert into ${place}.contributions
        (user_id, kind, target_id, podcast_id, episode_id, at, event_id, active, comment, counted, shown)
      select user_id, kind, target_id, podcast_id, case when kind <> 'subscribe' then target_id end,
        to_timestamp(at / 1000.0), event_id, active, comment, false, 'not'
      from jsonb_to_recordset($1::jsonb) as x(user_id uuid, kind text, target_id uuid, podcast_id uuid, at bigint,
        event_id uuid, active boolean, comment text)
      on conflict (user_id, kind, target_id) do update set active = excluded.active, comment = excluded.comment`,
  },
  takeBack: {
    name: 'contributions-take-back',
    text: `update ${place}.contributions c set active = false, comment = null
      from jsonb_to_recordset($1::jsonb) as x(user_id uuid, kind text, target_id uuid)
      where c.user_id = x.user_id and c.kind = x.kind and c.target_id = x.target_id`,
  },
  read: {
    name: 'contributions-read',
    text: `select ${columns} from unnest($1::uuid[], $2::text[], $3::uuid[]) as x(user_id, kind, target_id)
      join ${place}.contributions c using (user_id, kind, target_id)`,
  },
  inScope: {
    name: 'contributions-in-scope',
    text: `with x as (select * from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as x(user_id, podcast_id, episode_id))
      select ${columns} from x join ${place}.contributions c using (user_id)
        where x.podcast_id is null and x.episode_id is null
      union all
      select ${columns} from x join ${place}.contributions c using (user_id, podcast_id) where x.episode_id is null
      union all
      select ${columns} from x join ${place}.contributions c on c.user_id = x.user_id and c.target_id = x.episode_id
        and c.kind in ('play', 'save', 'share')`,
  },
  ofPodcast: {
    name: 'contributions-of-podcast',
    text: `select ${columns} from ${place}.contributions c where c.podcast_id = $1`,
  },
  stand: {
    name: 'contributions-stand',
    text: `update ${place}.contributions c set counted = x.counted, shown = x.shown
      from jsonb_to_recordset($1::jsonb) as x(user_id uuid, kind text, target_id uuid, counted boolean, shown text)
      where c.user_id = x.user_id and c.kind = x.kind and c.target_id = x.target_id`,
  },
  remove: {
    name: 'contributions-remove',
    text: `delete from ${place}.contributions c
      using unnest($1::uuid[], $2::text[], $3::uuid[]) as x(user_id, kind, target_id)
      where c.user_id = x.user_id and c.kind = x.kind and c.target_id = x.target_id`,
  },
}))

const kept = ({ counted, shown, at, ...row }: Row): KeptContribution => ({
  ...row,
  at: at.getTime(),
  standing: { counted, shown },
})

export const targetOf = ({ podcast, episode }: Pick<Contribution, 'podcast' | 'episode'>): string => episode ?? podcast

const key = ({ user, kind, ...of }: Contribution) => ({ user_id: user, kind, target_id: targetOf(of) })

/** Keeps what was done for the first time; what was done before stays as it is, but for whether it holds. */
export async function recordDeeds(client: pg.PoolClient, place: Place, deeds: readonly Deed[]): Promise<void> {
  const begun = deeds.flatMap(({ user, kind, target, first, active, comment }) =>
    first === null
      ? []
      : [
          {
            ...{ user_id: user, kind, target_id: target, podcast_id: first.podcast, at: first.at },
            ...{ event_id: first.event, active, comment },
          },
        ],
  )
  const back = deeds
    .filter((d) => d.first === null)
    .map((d) => ({ user_id: d.user, kind: d.kind, target_id: d.target }))
  if (begun.length > 0) await rows(client, sql(place).begin, [JSON.stringify(begun)])
  if (back.length > 0) await rows(client, sql(place).takeBack, [JSON.stringify(back)])
}

const keyColumns = (keys: readonly ContributionKey[]) => [
  keys.map((k) => k.user),
  keys.map((k) => k.kind),
  keys.map((k) => k.target),
]

export const readContributions = async (
  client: pg.PoolClient,
  place: Place,
  keys: readonly ContributionKey[],
): Promise<KeptContribution[]> => (await rows<Row>(client, sql(place).read, keyColumns(keys))).map(kept)

/** Everything of a listener, or what is about one podcast or one episode. */
export async function contributionsInScope(
  client: pg.PoolClient,
  place: Place,
  scopes: readonly Pick<Choice, 'user' | 'podcast' | 'episode'>[],
): Promise<KeptContribution[]> {
  const values = [scopes.map((s) => s.user), scopes.map((s) => s.podcast), scopes.map((s) => s.episode)]
  return (await rows<Row>(client, sql(place).inScope, values)).map(kept)
}

export const contributionsOfPodcast = async (
  client: pg.PoolClient,
  place: Place,
  podcast: PodcastId,
): Promise<KeptContribution[]> => (await rows<Row>(client, sql(place).ofPodcast, [podcast])).map(kept)

export async function writeStandings(
  client: pg.PoolClient,
  place: Place,
  stands: readonly (Contribution & { readonly after: Standing })[],
): Promise<void> {
  const values = stands.map(({ after, ...contribution }) => ({ ...key(contribution), ...after }))
  await rows(client, sql(place).stand, [JSON.stringify(values)])
}

export async function removeContributions(
  client: pg.PoolClient,
  place: Place,
  gone: readonly Contribution[],
): Promise<void> {
  const keys = gone.map((c) => ({ user: c.user, kind: c.kind, target: targetOf(c) }))
  await rows(client, sql(place).remove, keyColumns(keys))
}
