import { z } from 'zod'
import { successOut } from '../http/schemas.ts'
import type { Listening } from '../journal/listening.ts'
import type { PodcastId } from '../kernel/brand.ts'
import { answer, type Endpoint, endpoint, success } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuseValue } from '../kernel/refusal.ts'
import { type EpisodeName, feedName, itemName } from '../podcast/names.ts'
import { everything } from '../podcast/seen.ts'
import { shownNames } from '../podcast/shown.ts'
import { effectivePrivacy, privacy, scopeOf } from './decider.ts'
import { privacySettingsOf } from './queries.ts'
import { privacyLevel, privacyOut, showPrivacy } from './shown.ts'

interface Scope {
  readonly podcast: string | null
  readonly episode: string | null
}

export function privacyEndpoints({ journal, catalog, reading }: Listening): readonly Endpoint[] {
  async function scope(feed: string | undefined, item: EpisodeName | undefined): Promise<Scope | Refusal> {
    if (feed === undefined)
      return item === undefined ? { podcast: null, episode: null } : refuseValue('feed', 'an item needs its feed')
    const podcast = (await catalog.podcasts([feed])).get(feed) as PodcastId
    const [episode = null] = item === undefined ? [] : await catalog.episodes([{ ...item, podcast }])
    return { podcast, episode }
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
      query: z.object({ feed: feedName.optional(), item: itemName.optional() }),
      answers: { 200: z.object({ privacy_settings: z.array(privacyOut), effective: privacyLevel }) },
      async handle({ caller, query }) {
        if (query.feed === undefined && query.item !== undefined)
          return refuseValue('query.feed', 'an item needs its feed')
        const podcast = query.feed === undefined ? null : await catalog.knownPodcast(query.feed)
        const episode =
          query.item && podcast
            ? ((await catalog.knownEpisodes(query.item)).find((known) => known.podcast === podcast)?.episode ?? null)
            : null
        const settings = await privacySettingsOf(await reading(caller.user), caller.user)
        const level = (of: string) => settings.find((row) => row.scope === of)?.level ?? null
        const choices = {
          everything: level('everything'),
          podcast: podcast && level(scopeOf(podcast, null)),
          episode: episode && level(scopeOf(podcast, episode)),
        }
        // A feed nobody has named yet was never fetched either.
        const entry = podcast ? (await catalog.podcastEntries([podcast])).get(podcast) : undefined
        const secrecy = query.feed === undefined ? null : (entry ?? { fetched: false, privateReason: null })
        const inScope = settings.filter((row) => {
          if (query.item !== undefined) return episode !== null && row.episode_id === episode
          return query.feed === undefined || (podcast !== null && row.podcast_id === podcast)
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
      body: z.object({ privacy: privacyLevel, feed: feedName.nullish(), item: itemName.nullish() }),
      answers: { 200: successOut },
      async handle({ body, origin }) {
        const of = await scope(body.feed ?? undefined, body.item ?? undefined)
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
