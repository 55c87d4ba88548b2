import { defineEntity, p } from '@mikro-orm/postgresql'

export const Subscription = defineEntity({
  name: 'Subscription',
  tableName: 'subscriptions',
  schema: 'projections',
  properties: {
    userId: p.uuid().primary(),
    podcastId: p.uuid().primary(),
    /** The app's own label, kept and never relied on. */
    sourceId: p.text().nullable(),
    active: p.boolean(),
    subscribedAt: p.datetime(3).nullable(),
    unsubscribedAt: p.datetime(3).nullable(),
    insertedAt: p.datetime(3),
    updatedAt: p.datetime(3),
    number: p.bigint('number'),
    stamp: p.bigint('number'),
    /** Whose edit stands here exactly as it was sent. */
    echo: p.text().nullable(),
  },
  indexes: [{ name: 'subscriptions_user_id_number', properties: ['userId', 'number'] }],
})
