import type pg from 'pg'
import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { PodcastId, UserId } from '../kernel/brand.ts'
import type { PrivacyLevel } from '../privacy/events.ts'
import { effectivePrivacy, type PodcastSecrecy, scopeOf } from '../privacy/queries.ts'
import type { KeptContribution } from './contributions.ts'
import type { Standing } from './events.ts'
import type { Choice } from './gather.ts'
import { inEither, type Place } from './tables.ts'

const sql = inEither((place) => ({
  choose: {
    name: 'public-choices-write',
    text: `insert into ${place}.public_choices (user_id, scope, level)
      select * from unnest($1::uuid[], $2::text[], $3::text[])
      on conflict (user_id, scope) do update set level = excluded.level`,
  },
  chosen: {
    name: 'public-choices-read',
    text: `select c.user_id as "user", c.scope, c.level
      from unnest($1::uuid[], $2::text[]) as x(user_id, scope) join ${place}.public_choices c using (user_id, scope)`,
  },
  forget: {
    name: 'public-choices-forget',
    text: `delete from ${place}.public_choices where user_id = $1`,
  },
  secrecy: {
    name: 'podcast-secrecy-read',
    text: `select podcast_id as podcast, fetched, private_reason as "privateReason" from ${place}.podcast_secrecy
      where podcast_id = any($1::uuid[])`,
  },
  keepSecrecy: {
    name: 'podcast-secrecy-write',
    text: `insert into ${place}.podcast_secrecy (podcast_id, fetched, private_reason)
      select * from unnest($1::uuid[], $2::boolean[], $3::text[])
      on conflict (podcast_id) do update set fetched = excluded.fetched, private_reason = excluded.private_reason`,
  },
}))

/** A podcast and what of it bears on privacy. */
export interface SecrecyOf extends PodcastSecrecy {
  readonly podcast: PodcastId
}

const readCatalog: Statement = {
  name: 'podcast-secrecy-catalog',
  text: `select id as podcast, fetched_at is not null as fetched, private_reason as "privateReason"
    from system.podcasts where id = any($1::uuid[])`,
}

/** What the catalog says at this moment, past every cache. */
export const secrecyInCatalog = (system: Queryable, podcasts: readonly PodcastId[]): Promise<SecrecyOf[]> =>
  rows(system, readCatalog, [podcasts])

export async function keepSecrecy(client: pg.PoolClient, place: Place, known: readonly SecrecyOf[]): Promise<void> {
  const values = [known.map((k) => k.podcast), known.map((k) => k.fetched), known.map((k) => k.privateReason)]
  await rows(client, sql(place).keepSecrecy, values)
}

/**
 * What the followers know of these podcasts, which is what counts here: it changes under their checkpoint only, so
 * that nobody decides by something older than what somebody else has decided by.
 */
async function secrecyOf(
  client: pg.PoolClient,
  place: Place,
  system: Queryable,
  podcasts: readonly PodcastId[],
): Promise<ReadonlyMap<PodcastId, PodcastSecrecy>> {
  const known = await rows<SecrecyOf>(client, sql(place).secrecy, [podcasts])
  const found = new Map<PodcastId, PodcastSecrecy>(known.map((k) => [k.podcast, k]))
  const missing = podcasts.filter((podcast) => !found.has(podcast))
  if (missing.length > 0) {
    const read = await secrecyInCatalog(system, missing)
    await keepSecrecy(client, place, read)
    for (const each of read) found.set(each.podcast, each)
  }
  return found
}

export async function writeChoices(client: pg.PoolClient, place: Place, choices: readonly Choice[]): Promise<void> {
  const values = [choices.map((c) => c.user), choices.map((c) => c.scope), choices.map((c) => c.level)]
  await rows(client, sql(place).choose, values)
}

/** Forgets what a listener chose. */
export const forgetChoices = async (client: pg.PoolClient, place: Place, user: UserId): Promise<void> =>
  void (await rows(client, sql(place).forget, [user]))

/** Where the listener has taken it back it counts on, but nobody is told of it any more; that they once followed stays. */
function standingOf({ kind, active }: KeptContribution, level: PrivacyLevel): Standing {
  if (level === 'private') return { counted: false, shown: 'not' }
  if (!active && kind !== 'subscribe') return { counted: true, shown: 'not' }
  return { counted: true, shown: level === 'public' ? 'name' : 'group' }
}

/** What others may learn of each of these contributions, in their order. */
export async function standingsOf(
  client: pg.PoolClient,
  place: Place,
  system: Queryable,
  contributions: readonly KeptContribution[],
): Promise<readonly Standing[]> {
  const podcasts = [...new Set(contributions.map((c) => c.podcast))]
  const secrecy = await secrecyOf(client, place, system, podcasts)
  const asked = new Map<string, { user: UserId; scope: string }>()
  const ask = (user: UserId, scope: string) => asked.set(`${user} ${scope}`, { user, scope })
  for (const { user, podcast, episode } of contributions) {
    ask(user, scopeOf(null, null))
    ask(user, scopeOf(podcast, null))
    if (episode !== null) ask(user, scopeOf(podcast, episode))
  }
  const scopes = [...asked.values()]
  const found = await rows<{ user: UserId; scope: string; level: PrivacyLevel }>(client, sql(place).chosen, [
    scopes.map((s) => s.user),
    scopes.map((s) => s.scope),
  ])
  const levels = new Map(found.map(({ user, scope, level }) => [`${user} ${scope}`, level]))
  return contributions.map((contribution) => {
    const { user, podcast, episode } = contribution
    const level = (scope: string) => levels.get(`${user} ${scope}`) ?? null
    const choices = {
      everything: level(scopeOf(null, null)),
      podcast: level(scopeOf(podcast, null)),
      episode: episode === null ? null : level(scopeOf(podcast, episode)),
    }
    const of = secrecy.get(podcast) ?? { fetched: false, privateReason: null }
    return standingOf(contribution, effectivePrivacy(choices, of))
  })
}
