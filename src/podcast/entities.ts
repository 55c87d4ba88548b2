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
    /** The podcast that it turned out to be. */
    mergedInto: p.uuid().nullable(),
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
    /** The episode that it turned out to be. */
    mergedInto: p.uuid().nullable(),
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

/** A URL a podcast was shown under before it moved: devices still call it so. */
const FormerFeed = defineEntity({
  name: 'FormerFeed',
  tableName: 'former_feeds',
  schema,
  properties: {
    podcastId: p.uuid().primary(),
    /** As in `podcast_aliases`. */
    key: p.uuid().primary(),
    feedUrl: p.text(),
    until: p.datetime(3),
  },
})

/** A change of what names mean, for every listener it touches to hear of. */
const IdentityChange = defineEntity({
  name: 'IdentityChange',
  tableName: 'identity_changes',
  schema,
  properties: {
    id: p.uuid().primary(),
    podcastId: p.uuid().index('identity_changes_podcast_id'),
    /** `moved`, `podcasts_merged` or `episodes_merged`. */
    kind: p.text(),
    /** The podcast that was merged into this one. */
    mergedFrom: p.uuid().nullable(),
    /** Pairs of ids, each episode and the one it turned out to be. */
    episodes: p.json<readonly (readonly [string, string])[]>(),
    /** What showed it, in words, without URLs. */
    why: p.text(),
    changedAt: p.datetime(3),
    toldAt: p.datetime(3).nullable(),
  },
  indexes: [
    {
      name: 'identity_changes_due',
      expression: `create index identity_changes_due on system.identity_changes (changed_at) where told_at is null`,
    },
  ],
})

export const catalogEntities = [Podcast, PodcastAlias, PodcastGuid, Episode, EpisodeAlias, FormerFeed, IdentityChange]
