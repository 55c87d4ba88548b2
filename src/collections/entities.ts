import { defineEntity, p } from '@mikro-orm/postgresql'

export const Collection = defineEntity({
  name: 'Collection',
  tableName: 'collections',
  schema: 'projections',
  properties: {
    userId: p.uuid().primary(),
    collectionId: p.uuid().primary(),
    isDefault: p.boolean(),
    title: p.text(),
    description: p.text().nullable(),
    color: p.text().nullable(),
    isPublic: p.boolean(),
    /** Podcast ids in order. */
    feeds: p.json<string[]>(),
    insertedAt: p.datetime(3),
    updatedAt: p.datetime(3),
    deletedAt: p.datetime(3).nullable(),
    number: p.bigint('number'),
    stamp: p.bigint('number'),
    echo: p.text().nullable(),
  },
  indexes: [{ name: 'collections_user_id_number', properties: ['userId', 'number'] }],
})
