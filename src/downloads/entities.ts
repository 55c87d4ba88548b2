import { defineEntity, p } from '@mikro-orm/postgresql'

export const Download = defineEntity({
  name: 'Download',
  tableName: 'downloads',
  schema: 'projections',
  properties: {
    userId: p.uuid().primary(),
    episodeId: p.uuid().primary(),
    podcastId: p.uuid(),
    /** The newest action of each kind: when, by which app on which device, and its stamp. */
    done: p.json<unknown>(),
    updatedAt: p.datetime(3),
    number: p.bigint('number'),
    stamp: p.bigint('number'),
  },
  indexes: [{ name: 'downloads_user_id_number', properties: ['userId', 'number'] }],
})
