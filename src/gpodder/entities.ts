import { defineEntity, p } from '@mikro-orm/postgresql'
import { User } from '../accounts/index.ts'

/** What clients of the gPodder API keep here for themselves, by what it is about. */
export const DoorSetting = defineEntity({
  name: 'DoorSetting',
  tableName: 'door_settings',
  schema: 'system',
  properties: {
    userId: () => p.manyToOne(User).mapToPk().primary().joinColumn('user_id').deleteRule('cascade'),
    /** SHA-256 of what the settings are about: URLs can be longer than an index entry may be. */
    about: p.text().primary(),
    values: p.json<Readonly<Record<string, unknown>>>(),
  },
})

/** Up to which stamp a client of an API without tokens was told what others did; and when it asked to empty its list. */
export const DoorStamp = defineEntity({
  name: 'DoorStamp',
  tableName: 'door_stamps',
  schema: 'system',
  properties: {
    userId: () => p.manyToOne(User).mapToPk().primary().joinColumn('user_id').deleteRule('cascade'),
    /** `subscriptions`, `episodes` or `emptying`. */
    kind: p.text().primary(),
    client: p.text().primary(),
    stamp: p.bigint('number'),
    toldAt: p.datetime(3).index('door_stamps_told_at'),
  },
})
