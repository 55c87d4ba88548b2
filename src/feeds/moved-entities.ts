import { defineEntity, p } from '@mikro-orm/postgresql'

const schema = 'projections'

export const MovedFeed = defineEntity({
  name: 'MovedFeed',
  tableName: 'moved_feeds',
  schema,
  properties: {
    userId: p.uuid().primary(),
    podcastId: p.uuid().primary(),
    movedAt: p.datetime(3),
    number: p.bigint('number'),
    stamp: p.bigint('number'),
  },
  indexes: [{ name: 'moved_feeds_user_id_number', properties: ['userId', 'number'] }],
})

/** Who has anything of a podcast: whom to tell of its changes, and whether anybody wants its feed. */
export const ListenerOfPodcast = defineEntity({
  name: 'ListenerOfPodcast',
  tableName: 'listeners',
  schema,
  properties: { podcastId: p.uuid().primary(), userId: p.uuid().primary() },
})
