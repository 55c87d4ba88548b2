import { defineEntity, p } from '@mikro-orm/postgresql'

const schema = 'cache'

/** The words a podcast is found by: written by a trigger when what its feed says of itself changes. */
const FeedWords = defineEntity({
  name: 'FeedWords',
  tableName: 'feed_words',
  schema,
  properties: {
    podcastId: p.uuid().primary(),
    words: p.string().columnType('tsvector'),
  },
  indexes: [
    { name: 'feed_words_words', expression: 'create index feed_words_words on cache.feed_words using gin (words)' },
  ],
})

/** The words an episode is found by: there is none that its feed no longer names. */
const EpisodeWords = defineEntity({
  name: 'EpisodeWords',
  tableName: 'episode_words',
  schema,
  properties: {
    podcastId: p.uuid().primary(),
    episodeId: p.uuid().primary(),
    publishedAt: p.datetime(3).nullable(),
    words: p.string().columnType('tsvector'),
  },
  indexes: [
    {
      name: 'episode_words_words',
      expression: 'create index episode_words_words on cache.episode_words using gin (words)',
    },
  ],
})

export const searchEntities = [FeedWords, EpisodeWords]
