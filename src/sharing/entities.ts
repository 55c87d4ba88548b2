import { defineEntity, p } from '@mikro-orm/postgresql'

export const Save = defineEntity({
  name: 'Save',
  tableName: 'saves',
  schema: 'projections',
  properties: {
    userId: p.uuid().primary(),
    episodeId: p.uuid().primary(),
    podcastId: p.uuid(),
    saved: p.boolean(),
    updatedAt: p.datetime(3),
    number: p.bigint('number'),
    stamp: p.bigint('number'),
    echo: p.text().nullable(),
  },
  indexes: [{ name: 'saves_user_id_number', properties: ['userId', 'number'] }],
})

export const Share = defineEntity({
  name: 'Share',
  tableName: 'shares',
  schema: 'projections',
  properties: {
    userId: p.uuid().primary(),
    episodeId: p.uuid().primary(),
    podcastId: p.uuid(),
    shared: p.boolean(),
    comment: p.text().nullable(),
    updatedAt: p.datetime(3),
    number: p.bigint('number'),
    stamp: p.bigint('number'),
  },
  indexes: [{ name: 'shares_user_id_number', properties: ['userId', 'number'] }],
})
