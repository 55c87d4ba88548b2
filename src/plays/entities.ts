import { defineEntity, p } from '@mikro-orm/postgresql'

export const Play = defineEntity({
  name: 'Play',
  tableName: 'plays',
  schema: 'projections',
  properties: {
    userId: p.uuid().primary(),
    episodeId: p.uuid().primary(),
    podcastId: p.uuid(),
    /** Whole seconds. */
    position: p.integer(),
    played: p.boolean(),
    /** Whole seconds, where some app told it. */
    duration: p.integer().nullable(),
    /** The edit's own time. */
    updatedAt: p.datetime(3),
    number: p.bigint('number'),
    stamp: p.bigint('number'),
    echo: p.text().nullable(),
  },
  indexes: [{ name: 'plays_user_id_number', properties: ['userId', 'number'] }],
})
