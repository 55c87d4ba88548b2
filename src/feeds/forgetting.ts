import { rows, type Statement, type Stores, transaction } from '../database/store.ts'
import type { PodcastId } from '../kernel/brand.ts'

/** Milliseconds for which a feed is remembered that nobody here has anything of. */
const remembered = 30 * 86_400_000
/** Feeds judged at once. */
const chunk = 500

const candidates: Statement = {
  name: 'feeds-forget-candidates',
  text: `select podcast_id as podcast from cache.feeds
    where not wanted and coalesce(checked_at, '-infinity') < to_timestamp($1::float8 / 1000)
      and coalesce(claimed_until, '-infinity') < now() and podcast_id > $2
    order by podcast_id limit ${chunk}`,
}
const listened: Statement = {
  name: 'feeds-forget-listened',
  text: 'select distinct podcast_id as podcast from projections.listeners where podcast_id = any($1::uuid[])',
}
/** What was asked for or followed since the first look stays. */
const forgetFeed: Statement = {
  name: 'feeds-forget',
  text: `delete from cache.feeds where podcast_id = any($1::uuid[])
    and not wanted and coalesce(checked_at, '-infinity') < to_timestamp($2::float8 / 1000) returning podcast_id as podcast`,
}
const forgetEpisodes: Statement = {
  name: 'feeds-forget-episodes',
  text: 'delete from cache.feed_episodes where podcast_id = any($1::uuid[])',
}
const forgetWhy: Statement = {
  name: 'feeds-forget-why',
  text: 'delete from cache.feed_decisions where podcast_id = any($1::uuid[])',
}

/**
 * Forgets what was read of feeds that somebody once asked for, and that no listener has anything of. What a listener
 * ever followed or played is still called by its name in their history.
 */
export async function forgetFeeds({ cache, projections }: Stores, now: number): Promise<void> {
  const before = now - remembered
  let after = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const found = await rows<{ podcast: PodcastId }>(cache.pool, candidates, [before, after])
    const podcasts = found.map(({ podcast }) => podcast)
    const kept = new Set(
      (await rows<{ podcast: PodcastId }>(projections.pool, listened, [podcasts])).map(({ podcast }) => podcast),
    )
    const strange = podcasts.filter((podcast) => !kept.has(podcast))
    if (strange.length > 0) {
      await transaction(cache.pool, async (client) => {
        const gone = (await rows<{ podcast: PodcastId }>(client, forgetFeed, [strange, before])).map((g) => g.podcast)
        await rows(client, forgetEpisodes, [gone])
        await rows(client, forgetWhy, [gone])
      })
    }
    if (podcasts.length < chunk) return
    after = podcasts.at(-1) ?? after
  }
}
