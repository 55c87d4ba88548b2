import { z } from 'zod'
import { flag, limit, offset, successOut } from '../http/schemas.ts'
import type { Listening } from '../journal/listening.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import { type Answer, answer, type Endpoint, endpoint, type Origin, success } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuse } from '../kernel/refusal.ts'
import { feedName, itemName } from '../podcast/names.ts'
import { titledNames } from '../podcast/shown.ts'
import { instant, seconds } from '../podcast/times.ts'
import { play } from './decider.ts'
import { ambiguous, locateEpisode, playsOf, playsOfEpisodes } from './queries.ts'
import { type PlaySaid, recordPlay } from './record.ts'
import { playOut, showPlay } from './shown.ts'

export function playEndpoints({ journal, catalog, titlesOf, reading }: Listening): readonly Endpoint[] {
  const record = (origin: Origin, podcast: PodcastId, episode: EpisodeId, said: PlaySaid): Promise<Answer | Refusal> =>
    journal.commit(origin, async (unit) => recordPlay(unit, { podcast, episode }, said) ?? success, {
      decider: play,
      id: episode,
    })

  return [
    endpoint({
      method: 'get',
      path: '/play',
      summary: 'Where the listener is in episodes, newest first',
      tag: 'Plays',
      scope: 'user.plays.read',
      limit: 100,
      query: z.object({ played: flag.optional(), feed: feedName.optional(), limit: limit(100, 50), offset }),
      answers: {
        200: z.object({
          play_statuses: z.array(playOut),
          pagination: z.object({ limit: z.int(), offset: z.int(), total: z.int() }),
        }),
      },
      async handle({ caller, query }) {
        const podcast = query.feed === undefined ? undefined : await catalog.knownPodcast(query.feed)
        const paging = { limit: query.limit, offset: query.offset }
        if (podcast === null) return answer(200, { play_statuses: [], pagination: { ...paging, total: 0 } })
        const db = await reading(caller.user)
        const { plays, total } = await playsOf(db, caller.user, { played: query.played, podcast, ...paging })
        const names = await titledNames(
          { catalog, titlesOf },
          plays.map((p) => p.podcast_id),
          plays.map((p) => p.episode_id),
        )
        return answer(200, {
          play_statuses: plays.map((row) => showPlay(caller.user, row, names)),
          pagination: { ...paging, total },
        })
      },
    }),
    endpoint({
      method: 'get',
      path: '/play/{item}',
      summary: 'Where the listener is in one episode',
      tag: 'Plays',
      scope: 'user.plays.read',
      limit: 100,
      params: z.object({ item: itemName }),
      query: z.object({ feed: feedName.optional() }),
      answers: { 200: z.object({ play_status: playOut }) },
      refusals: ['not_found', 'conflict'],
      async handle({ caller, params, query }) {
        const db = await reading(caller.user)
        const found = await catalog.knownEpisodes(params.item)
        const podcast = query.feed === undefined ? undefined : await catalog.knownPodcast(query.feed)
        const wanted = found.filter((known) => podcast === undefined || known.podcast === podcast)
        const mine = await playsOfEpisodes(
          db,
          caller.user,
          wanted.map((known) => known.episode),
        )
        const [row] = mine
        if (!row) return refuse('not_found', 'Nothing is recorded for this episode.')
        if (mine.length > 1) return ambiguous
        const names = await titledNames({ catalog, titlesOf }, [row.podcast_id], [row.episode_id])
        return answer(200, { play_status: showPlay(caller.user, row, names) })
      },
    }),
    endpoint({
      method: 'post',
      path: '/play',
      summary: 'Record where the listener is in an episode',
      description: 'Rewinding and un-playing work. With `at` the newer of the two edits stands.',
      tag: 'Plays',
      scope: 'user.plays.write',
      limit: 60,
      body: z.object({
        rss_source_feed: feedName,
        rss_source_item: itemName,
        position: seconds,
        played: z.boolean(),
        duration: seconds.nullish(),
        at: instant.nullish(),
      }),
      answers: { 200: successOut },
      async handle({ body, origin }) {
        const podcast = (await catalog.podcasts([body.rss_source_feed])).get(body.rss_source_feed) as PodcastId
        const [episode] = await catalog.episodes([{ ...body.rss_source_item, podcast }])
        return record(origin, podcast, episode as EpisodeId, body)
      },
    }),
    endpoint({
      method: 'put',
      path: '/play/{item}/position',
      summary: 'Move the position in an episode',
      description: 'Whether it counts as played stays as it is.',
      tag: 'Plays',
      scope: 'user.plays.write',
      limit: 60,
      params: z.object({ item: itemName }),
      query: z.object({ feed: feedName.optional() }),
      body: z.object({ position: seconds, at: instant.nullish() }),
      answers: { 200: successOut },
      refusals: ['not_found', 'conflict'],
      async handle({ params, query, body, caller, origin }) {
        const db = await reading(caller.user)
        const place = await locateEpisode(catalog, db, caller.user, params.item, query.feed)
        return isRefusal(place) ? place : record(origin, place.podcast, place.episode, body)
      },
    }),
  ]
}
