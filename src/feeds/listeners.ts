import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { Followed, Follower } from '../journal/followers.ts'
import type { EpisodeId, PodcastId, UserId } from '../kernel/brand.ts'
import type { Identity } from '../podcast/identity.ts'
import type { Telling } from './telling.ts'

const add: Statement = {
  name: 'listeners-add',
  text: `insert into projections.listeners (podcast_id, user_id)
    select podcast, listener from unnest($1::uuid[], $2::uuid[]) as x(podcast, listener)
    order by podcast, listener on conflict do nothing`,
}

/** What an event is about, as far as its name and its data tell. */
function aboutOf({ event }: Followed): { readonly podcast: string | null; readonly episode: string | null } {
  const [kind = '', id = ''] = event.stream.split('/')
  const { podcast = null } = event.fact.data as { podcast?: string | null }
  if (kind === 'subscription') return { podcast: id, episode: null }
  return { podcast, episode: ['play', 'save', 'share', 'download'].includes(kind) ? id : null }
}

/**
 * Remembers who has anything of which podcast. And where a process that had not heard of a merge wrote under the name
 * that is gone, merges what it wrote.
 */
export function createListeners(identity: Identity, telling: Telling): Follower {
  async function mergeLate(events: readonly Followed[]): Promise<void> {
    const written = events
      .filter(({ event }) => event.fact.type !== 'StreamMerged')
      .map((followed) => ({ user: followed.user, ...aboutOf(followed) }))
    const podcasts = await identity.mergedPodcasts(written.flatMap((w) => (w.podcast as PodcastId | null) ?? []))
    const episodes = await identity.mergedEpisodes(written.flatMap((w) => (w.episode as EpisodeId | null) ?? []))
    if (podcasts.size === 0 && episodes.size === 0) return
    for (const [from, into] of podcasts) await identity.mergeRest(from, into)
    const late = new Map<UserId, Set<PodcastId>>()
    for (const { user, podcast, episode } of written) {
      if (podcast === null || (!podcasts.has(podcast as PodcastId) && !episodes.has(episode as EpisodeId))) continue
      const now = podcasts.get(podcast as PodcastId) ?? (podcast as PodcastId)
      late.set(user, (late.get(user) ?? new Set()).add(now))
    }
    for (const [user, some] of late) for (const podcast of some) await telling.mergeAgain(user, podcast)
  }

  return {
    name: 'listeners',
    store: 'projections',
    async apply(events, client: Queryable) {
      const pairs = new Map<string, readonly [string, string]>()
      for (const followed of events) {
        const { podcast } = aboutOf(followed)
        if (podcast !== null) pairs.set(`${podcast} ${followed.user}`, [podcast, followed.user])
      }
      if (pairs.size === 0) return
      const all = [...pairs.values()]
      await rows(client, add, [all.map(([podcast]) => podcast), all.map(([, user]) => user)])
      await mergeLate(events)
    },
  }
}
