import { defineEntity, p } from '@mikro-orm/postgresql'

export const PrivacySetting = defineEntity({
  name: 'PrivacySetting',
  tableName: 'privacy',
  schema: 'projections',
  properties: {
    userId: p.uuid().primary(),
    /** `everything`, `podcast/<id>` or `episode/<id>`. */
    scope: p.text().primary(),
    podcastId: p.uuid().nullable(),
    episodeId: p.uuid().nullable(),
    level: p.text(),
    updatedAt: p.datetime(3),
    number: p.bigint('number'),
    stamp: p.bigint('number'),
    echo: p.text().nullable(),
  },
  indexes: [{ name: 'privacy_user_id_number', properties: ['userId', 'number'] }],
})
