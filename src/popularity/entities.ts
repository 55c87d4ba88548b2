import { defineEntity, p } from '@mikro-orm/postgresql'

const schema = 'projections'

/** What a listener did that may count for others, private things too: only what stands here can be taken back exactly. */
const ContributionEntity = defineEntity({
  name: 'Contribution',
  tableName: 'contributions',
  schema,
  properties: {
    userId: p.uuid().primary(),
    kind: p.text().primary(),
    /** The episode; of subscriptions the podcast. */
    targetId: p.uuid().primary(),
    podcastId: p.uuid(),
    episodeId: p.uuid().nullable(),
    at: p.datetime(3),
    eventId: p.uuid(),
    active: p.boolean(),
    comment: p.text().nullable(),
    /** What others know of it at this moment. */
    counted: p.boolean(),
    shown: p.text(),
  },
  indexes: [
    { name: 'contributions_podcast_id_kind_at', properties: ['podcastId', 'kind', 'at'] },
    { name: 'contributions_user_id_podcast_id', properties: ['userId', 'podcastId'] },
  ],
})

/** How far a listener came in an episode, and what of it they really heard. */
const TraceEntity = defineEntity({
  name: 'Trace',
  tableName: 'traces',
  schema,
  properties: {
    userId: p.uuid().primary(),
    episodeId: p.uuid().primary(),
    podcastId: p.uuid(),
    position: p.integer(),
    at: p.datetime(3),
    /** Null once it counts as played. */
    heard: p.json<unknown>().nullable(),
  },
})

/** What listeners chose, as far as the followers have come. */
const PublicChoice = defineEntity({
  name: 'PublicChoice',
  tableName: 'public_choices',
  schema,
  properties: { userId: p.uuid().primary(), scope: p.text().primary(), level: p.text() },
})

/** What of a podcast bears on privacy, as the followers know it. */
const PodcastSecrecyEntity = defineEntity({
  name: 'PodcastSecrecy',
  tableName: 'podcast_secrecy',
  schema,
  properties: { podcastId: p.uuid().primary(), fetched: p.boolean(), privateReason: p.text().nullable() },
})

const counts = { subscribes: p.integer(), plays: p.integer(), saves: p.integer(), shares: p.integer() }

/** What counts for a podcast or an episode, hour by hour (since 1970), as far back as windows look. */
const PopularityHour = defineEntity({
  name: 'PopularityHour',
  tableName: 'popularity_hours',
  schema,
  properties: { targetId: p.uuid().primary(), hour: p.integer().primary(), ...counts },
  indexes: [{ name: 'popularity_hours_hour', properties: ['hour'] }],
})

const PopularityTotal = defineEntity({
  name: 'PopularityTotal',
  tableName: 'popularity_totals',
  schema,
  properties: { targetId: p.uuid().primary(), podcastId: p.uuid(), isEpisode: p.boolean(), ...counts },
})

/** What is shown of a podcast's or an episode's popularity. Scores are thousandths of points. */
const Popularity = defineEntity({
  name: 'Popularity',
  tableName: 'popularity',
  schema,
  properties: {
    span: p.text().primary(),
    targetId: p.uuid().primary(),
    podcastId: p.uuid(),
    isEpisode: p.boolean(),
    score: p.bigint('number'),
    plays: p.integer(),
    likes: p.integer(),
    scorePrevious: p.bigint('number'),
    playsPrevious: p.integer(),
    likesPrevious: p.integer(),
    rankPrevious: p.integer().nullable(),
  },
  indexes: [
    { name: 'popularity_ranks', properties: ['span', 'isEpisode', 'score', 'targetId'] },
    { name: 'popularity_ranks_of_podcast', properties: ['podcastId', 'span', 'isEpisode', 'score', 'targetId'] },
  ],
})

export const popularityEntities = [
  ContributionEntity,
  TraceEntity,
  PublicChoice,
  PodcastSecrecyEntity,
  PopularityHour,
  PopularityTotal,
  Popularity,
]
