import { z } from 'zod'
import { successOut, uuid } from '../http/schemas.ts'
import { type Answer, answer, type Endpoint, type EndpointCall, endpoint, success } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuse } from '../kernel/refusal.ts'
import { deviceTypes } from './device-entities.ts'
import type { Devices, KnownDevice } from './devices.ts'
import { isPlain } from './jwt.ts'

const time = z.iso.datetime({ precision: 3 })

export const deviceOut = z
  .object({
    id: z.uuid().describe('The server’s id for the device, as `PATCH` and `DELETE` take it.'),
    app_id: z.string().describe('The app that runs on it, by `iss`; two apps on one phone are two devices.'),
    device_id: z.string().describe('`device_id` of the app’s request tokens.'),
    name: z
      .string()
      .nullable()
      .describe('What its person calls it, else the last `device_name` of its request tokens, else null.'),
    type: z.enum(deviceTypes),
    last_sync_at: time.nullable().describe('When `POST /sync` last answered 200 to it; to within a minute.'),
    last_seen_at: time.describe('When it last made any request; to within a minute.'),
    inserted_at: time.describe('When it was first seen.'),
  })
  .meta({ id: 'Device', description: 'A device on which an app of the user runs.' })

const byId = z.object({ id: uuid.describe('`id` of the device, not the app’s `device_id`.') })

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .refine((text) => text === '' || isPlain(text), 'control characters are not accepted')
  .nullable()

const edit = z.object({
  name: name
    .optional()
    .describe('Kept whatever the app says afterwards; null gives the device back the name its app gives it.'),
  type: z.enum(deviceTypes).optional(),
})

const noDevice = () => refuse('not_found', 'There is no such device, or it was forgotten.')

/** The devices of the caller's user, whichever app they belong to. */
export function deviceEndpoints(devices: Devices): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/devices',
      summary: 'The user’s devices, the one last seen first',
      description:
        'A device appears when an app’s request token carries `device_id`. The 200 that were seen last are kept.',
      tag: 'Devices',
      scope: 'user',
      limit: 100,
      answers: { 200: z.object({ devices: z.array(deviceOut) }) },
      handle: async ({ caller }) => {
        await devices.flush()
        return answer(200, { devices: (await devices.list(caller.user)).map(shownDevice) })
      },
    }),
    endpoint({
      method: 'patch',
      path: '/devices/{id}',
      summary: 'Name a device, or say what it is',
      description: 'What is left out stays as it is.',
      tag: 'Devices',
      scope: 'user',
      limit: 30,
      params: byId,
      body: edit,
      answers: { 200: deviceOut },
      refusals: ['not_found'],
      handle: async ({ caller, params, body }) => {
        const device = await devices.change(caller.user, params.id, body)
        return device ? answer(200, shownDevice(device)) : noDevice()
      },
    }),
    endpoint({
      method: 'delete',
      path: '/devices/{id}',
      summary: 'Forget a device',
      description:
        'Takes no access away (revoke the app for that) and touches nothing the device sent: a device that is heard ' +
        'from again comes back, under a new id and the name its app gives it.',
      tag: 'Devices',
      scope: 'user',
      limit: 30,
      params: byId,
      answers: { 200: successOut },
      refusals: ['not_found'],
      handle: async ({ caller, params }) => ((await devices.forget(caller.user, params.id)) ? success : noDevice()),
    }),
  ]
}

export function shownDevice(device: KnownDevice): z.output<typeof deviceOut> {
  return {
    id: device.id,
    app_id: device.app,
    device_id: device.device,
    name: device.name,
    type: device.type,
    last_sync_at: device.lastSyncAt?.toISOString() ?? null,
    last_seen_at: device.lastSeenAt.toISOString(),
    inserted_at: device.firstSeenAt.toISOString(),
  }
}

/** The same endpoint, which also notes that the device synced unless it is refused. */
export function notingSyncs(devices: Devices, sync: Endpoint): Endpoint {
  return {
    ...sync,
    handle: async (call) => {
      const result = await sync.handle(call)
      note(call, result)
      return result
    },
  }

  function note({ origin }: EndpointCall<unknown, unknown, unknown>, result: Answer | Refusal): void {
    const { app, device } = origin.author
    if (device === null || isRefusal(result)) return
    devices.note({ user: origin.user, app, device, name: null, seenAt: origin.now, syncedAt: origin.now })
  }
}
