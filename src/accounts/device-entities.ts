import { defineEntity, p } from '@mikro-orm/postgresql'
import { User } from './entities.ts'

/** What a device can be, in gPodder's words. */
export const deviceTypes = ['desktop', 'laptop', 'mobile', 'server', 'other'] as const

export type DeviceType = (typeof deviceTypes)[number]

const DeviceSchema = defineEntity({
  name: 'Device',
  tableName: 'devices',
  schema: 'system',
  uniques: [{ name: 'devices_app_device', properties: ['userId', 'app', 'device'] }],
  properties: {
    userId: () => p.manyToOne(User).mapToPk().primary().joinColumn('user_id').deleteRule('cascade'),
    id: p.uuid().primary(),
    app: p.text(),
    /** As the app names it. */
    device: p.text(),
    /** What the app calls it, for people. */
    name: p.text().nullable(),
    /** What its person calls it; wins over the app's word. */
    givenName: p.text().nullable(),
    type: p.enum([...deviceTypes]).default('other'),
    firstSeenAt: p.datetime(3),
    lastSeenAt: p.datetime(3),
    lastSyncAt: p.datetime(3).nullable(),
    /** Hides it until it is seen again, later than this; kept for an hour, for requests that are noted elsewhere. */
    forgottenAt: p.datetime(3).nullable(),
  },
})

/** A device on which a person's app ran. */
export class Device extends DeviceSchema.class {}
DeviceSchema.setClass(Device)
