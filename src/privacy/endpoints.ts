import { z } from 'zod'
import { successOut } from '../http/schemas.ts'
import type { Listening } from '../journal/listening.ts'
import type { EpisodeId, PodcastId, UserId } from '../kernel/brand.ts'
import { answer, type Endpoint, endpoint, success } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal } from '../kernel/refusal.ts'
import { locateEpisode } from '../plays/queries.ts'
import { type EpisodeName, feedName, itemName } from '../podcast/names.ts'
import { everything } from '../podcast/seen.ts'
import { shownNames } from '../podcast/shown.ts'
import { effectivePrivacy, privacy, scopeOf } from './decider.ts'
import { privacySettingsOf } from './queries.ts'
import { privacyLevel, privacyOut, showPrivacy } from './shown.ts'

interface Scope {
  readonly podcast: PodcastId | null
  readonly episode: EpisodeId | null
}

export function privacyEndpoints({ journal, catalog, reading }: Listening): readonly Endpoint[] {
  async function scope(
    user: UserId,
    feed: string | undefined,
    item: EpisodeName | undefined,
  ): Promise<Scope | Refusal> {
    if (item !== undefined) return locateEpisode(catalog, await reading(user), user, item, feed)
    if (feed === undefined) return { podcast: null, episode: null }
    return { podcast: (await catalog.podcasts([feed])).get(feed) as PodcastId, episode: null }
  }

  /** What a question is about, without making names; null for what nobody ever named. */
  async function asked(
    user: UserId,
    feed: string | undefined,
    item: EpisodeName | undefined,
  ): Promise<Scope | null | Refusal> {
    if (item !== undefined && feed === undefined) {
      const place = await locateEpisode(catalog, await reading(user), user, item, feed)
      return isRefusal(place) && place.refused === 'not_found' ? null : place
    }
    const podcast = feed === undefined ? null : await catalog.knownPodcast(feed)
    if (item === undefined) return feed !== undefined && podcast === null ? null : { podcast, episode: null }
    return (await catalog.knownEpisodes(item)).find((known) => known.podcast === podcast) ?? null
  }

  return [
    endpoint({
      method: 'get',
      path: '/privacy',
      summary: 'What the listener chose that others may learn, and what holds',
      description:
        'The rows in scope: all of them, those of one podcast (`feed`) or of one episode (`item`). `effective` is what ' +
        'holds for the scope: a podcast is private until its feed was fetched without credentials, whatever was chosen.',
      tag: 'Privacy',
      scope: 'user.privacy.read',
      limit: 100,
      query: z.object({ feed: feedName.optional(), item: itemName.optional() }),
      answers: { 200: z.object({ privacy_settings: z.array(privacyOut), effective: privacyLevel }) },
      refusals: ['conflict'],
      async handle({ caller, query }) {
        const of = await asked(caller.user, query.feed, query.item)
        if (isRefusal(of)) return of
        const settings = await privacySettingsOf(await reading(caller.user), caller.user)
        const level = (scope: string) => settings.find((row) => row.scope === scope)?.level ?? null
        const choices = {
          everything: level('everything'),
          podcast: of?.podcast ? level(scopeOf(of.podcast, null)) : null,
          episode: of?.episode ? level(scopeOf(of.podcast, of.episode)) : null,
        }
        // A feed nobody has named yet was never fetched either.
        const entry = of?.podcast ? (await catalog.podcastEntries([of.podcast])).get(of.podcast) : undefined
        const general = query.feed === undefined && query.item === undefined
        const secrecy = general ? null : (entry ?? { fetched: false, privateReason: null })
        const inScope = settings.filter((row) => {
          if (query.item !== undefined) return of !== null && row.episode_id === of.episode
          return general || (of !== null && row.podcast_id === of.podcast)
        })
        const names = await shownNames(
          catalog,
          inScope.flatMap((row) => row.podcast_id ?? []),
          inScope.flatMap((row) => row.episode_id ?? []),
        )
        return answer(200, {
          privacy_settings: inScope.map((row) => showPrivacy(row, names)),
          effective: effectivePrivacy(choices, secrecy),
        })
      },
    }),
    endpoint({
      method: 'put',
      path: '/privacy',
      summary: 'Choose what others may learn: of everything, a podcast, or an episode',
      tag: 'Privacy',
      scope: 'user.privacy.write',
      limit: 30,
      body: z.object({ privacy: privacyLevel, feed: feedName.nullish(), item: itemName.nullish() }),
      answers: { 200: successOut },
      refusals: ['not_found', 'conflict'],
      async handle({ body, origin }) {
        const of = await scope(origin.user, body.feed ?? undefined, body.item ?? undefined)
        if (isRefusal(of)) return of
        const id = scopeOf(of.podcast, of.episode)
        return journal.commit(origin, async (unit) => {
          await unit.load(privacy, [id])
          const known = unit.state(privacy, id)?.level ?? null
          const at = origin.now
          const decided = unit.decide(privacy, id, {
            level: body.privacy,
            ...of,
            at,
            sentAt: at,
            seen: everything,
            known,
          })
          return isRefusal(decided) ? decided : success
        })
      },
    }),
  ]
}
