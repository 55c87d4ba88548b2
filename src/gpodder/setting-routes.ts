import { z } from 'zod'
import { answer } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuse, refuseValue } from '../kernel/refusal.ts'
import { unstorable } from '../kernel/storable.ts'
import type { Call, Door, DoorParts } from './door.ts'
import { readFeed } from './feeds.ts'

const edit = z
  .object({ set: z.record(z.string(), z.json()).default({}), remove: z.array(z.string()).default([]) })
  .refine((body) => unstorable(body) === undefined)

/** What a request is about, by its scope and what it names. */
function aboutOf(call: Call): string | Refusal {
  const { device, scope } = call
  if (scope === 'account') return 'account'
  if (scope === 'device') return device === null ? refuseValue('query.device', 'is missing') : `device ${device}`
  if (scope !== 'podcast' && scope !== 'episode') return refuse('not_found', 'There are no settings of this kind.')
  const podcast = readFeed(call.query('podcast') ?? '')
  if (podcast === null) return refuseValue('query.podcast', 'is not the URL of a feed')
  if (scope === 'podcast') return `podcast ${podcast}`
  const episode = call.query('episode')
  return episode ? `episode ${podcast} ${episode}` : refuseValue('query.episode', 'is missing')
}

export function settingRoutes({ on }: Door, { settings }: DoorParts): void {
  const path = '/api/2/settings/:user/:scope.json'

  on(['get'], path, async (call) => {
    const about = aboutOf(call)
    return isRefusal(about) ? about : answer(200, await settings.read(call.user, about))
  })

  on(['post'], path, async (call) => {
    const about = aboutOf(call)
    if (isRefusal(about)) return about
    const body = await call.json()
    if (isRefusal(body)) return body
    const said = edit.safeParse(body)
    if (!said.success) return refuseValue('body', 'is not {"set": {…}, "remove": […]}')
    const values = await settings.change(call.user, about, said.data.set, said.data.remove)
    return isRefusal(values) ? values : answer(200, values)
  })
}
