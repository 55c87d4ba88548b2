import { defineEntity, p } from '@mikro-orm/postgresql'

/** Up to which stamp a client of an API without tokens was told what others did; and when it asked to empty its list. */
export const DoorStamp = defineEntity({
  name: 'DoorStamp',
  tableName: 'door_stamps',
  schema: 'system',
  properties: {
    userId: p.uuid().primary(),
    /** `subscriptions`, `episodes` or `emptying`. */
    kind: p.text().primary(),
    client: p.text().primary(),
    stamp: p.bigint('number'),
    toldAt: p.datetime(3).index('door_stamps_told_at'),
  },
})
