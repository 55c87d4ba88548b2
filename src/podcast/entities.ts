import { defineEntity, p } from '@mikro-orm/postgresql'

const schema = 'system'

/** A podcast by its stable id. `feedUrl` is what answers show; every other name is an alias. */
const Podcast = defineEntity({
  name: 'Podcast',
  tableName: 'podcasts',
  schema,
  properties: {
    id: p.uuid().primary(),
    feedUrl: p.text(),
    /** Why the URL looks like one person's own (see `privateReason`); null when it does not. */
    privateReason: p.text().nullable(),
    /** When the feed was first fetched without credentials; until then the podcast is private for everybody. */
    fetchedAt: p.datetime(3).nullable(),
    createdAt: p.datetime(3),
  },
})

const PodcastAlias = defineEntity({
  name: 'PodcastAlias',
  tableName: 'podcast_aliases',
  schema,
  properties: {
    /** Hash of the kind of name and the name. */
    key: p.uuid().primary(),
    podcastId: p.uuid().index('podcast_aliases_podcast_id'),
  },
})

const Episode = defineEntity({
  name: 'Episode',
  tableName: 'episodes',
  schema,
  properties: {
    id: p.uuid().primary(),
    podcastId: p.uuid(),
    guid: p.text(),
    enclosureUrl: p.text(),
    createdAt: p.datetime(3),
  },
})

const EpisodeAlias = defineEntity({
  name: 'EpisodeAlias',
  tableName: 'episode_aliases',
  schema,
  properties: {
    key: p.uuid().primary(),
    podcastId: p.uuid().primary(),
    episodeId: p.uuid(),
  },
})

/** Every guid a podcast was ever told by; the newest is its own, the others are aliases. */
const PodcastGuid = defineEntity({
  name: 'PodcastGuid',
  tableName: 'podcast_guids',
  schema,
  properties: {
    guid: p.uuid().primary(),
    podcastId: p.uuid().index('podcast_guids_podcast_id'),
    seenAt: p.datetime(3),
  },
})

export const catalogEntities = [Podcast, PodcastAlias, PodcastGuid, Episode, EpisodeAlias]
