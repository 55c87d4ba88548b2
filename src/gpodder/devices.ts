import { z } from 'zod'
import { deviceTypes } from '../accounts/index.ts'
import { answer } from '../kernel/endpoint.ts'
import { isRefusal, refuseValue } from '../kernel/refusal.ts'
import { subscriptionsOf } from '../subscriptions/queries.ts'
import { app, type Call, type Door, type DoorParts } from './door.ts'

const edit = z.object({
  caption: z.string().max(255).nullish(),
  // Clients send types of their own as well.
  type: z.enum(deviceTypes).nullish().catch('other'),
})

/** Notes that a device wrote: any write makes the device it names. */
export async function seen({ accounts }: DoorParts, { user, now }: Call, device: string | null): Promise<void> {
  if (device === null) return
  await accounts.devices.sighted({ user, app, device, name: null, seenAt: now, syncedAt: now })
}

export function deviceRoutes({ on }: Door, parts: DoorParts): void {
  const { devices } = parts.accounts

  on(['get'], '/api/2/devices/:user.json', async ({ user }) => {
    const own = (await devices.list(user)).filter((device) => device.app === app)
    const followed = await subscriptionsOf(await parts.reading(user), user)
    const shown = own.map(({ device, name, type }) => ({
      id: device,
      caption: name ?? device,
      type,
      subscriptions: followed.length,
    }))
    return answer(200, shown)
  })

  on(['post', 'put'], '/api/2/devices/:user/:device.json', async (call) => {
    const body = await call.json()
    if (isRefusal(body)) return body
    const said = edit.safeParse(body)
    if (!said.success) return refuseValue('caption', 'is not a text of at most 255 characters')
    const { caption, type } = said.data
    const { user, device, now } = call
    const sighting = { user, app, device: device ?? '', name: caption || null, seenAt: now, syncedAt: null }
    await devices.declare(sighting, type ?? undefined)
    return answer(200, '')
  })
}
