import type Koa from 'koa'
import { z } from 'zod'
import type { BasicCaller } from '../accounts/index.ts'
import {
  changeSubscriptions,
  readSince,
  receiveActions,
  type Sender,
  type ShownAction,
  subscriptionsSince,
  tellActions,
  tellAgain,
  writeActions,
} from '../gpodder/index.ts'
import { bodyReader } from '../http/body.ts'
import { answer } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuseValue } from '../kernel/refusal.ts'
import type { Door, DoorParts } from './door.ts'
import { tellAction } from './told.ts'

/** The app under whose name everything that comes through this door is written. */
const app = 'nextcloud'
/** First syncs carry tens of thousands of actions. */
const bodyLimit = 64 * 1024 * 1024
/**
 * Seconds of what a client was told that it is told again. Clients come back with their own clock's time, and with
 * that of an upload before which others may have written.
 */
const overlap = 5 * 60

const urls = z.array(z.string()).nullish()
const upload = z.object({ add: urls, remove: urls })

type What = 'subscriptions' | 'episodes'

/** Where a question begins. */
interface Question {
  /** What the client says. */
  readonly since: number
  /** From which stamp on it is told, 0 for everything. */
  readonly from: number
}

/** The four calls of the Nextcloud app “GPodder Sync”: those of the gPodder API in another wrapping. */
export function syncRoutes({ on }: Door, parts: DoorParts): void {
  const { accounts, journal, stamps, clock } = parts
  const base = '/apps/gpoddersync'
  const readJson = bodyReader(bodyLimit, false)

  /** Who has an app password has it to themselves; the account's own password is anybody's. */
  const clientOf = ({ appPassword }: BasicCaller): string => `nextcloud ${appPassword?.id ?? ''}`

  /** A clock that is ahead skips nothing either: what the client was never told, it is told whatever it says. */
  async function questionOf(ctx: Koa.Context, caller: BasicCaller, what: What): Promise<Question | Refusal> {
    const since = readSince([ctx.query.since].flat()[0] || '0')
    if (isRefusal(since)) return since
    const told = await stamps.of(caller.user, what, [clientOf(caller)])
    const from = since === 0 ? 0 : Math.max(1, Math.min(since - overlap, told === null ? since : told + 1))
    return { since, from }
  }

  const told = (caller: BasicCaller, what: What, stamp: number): void =>
    stamps.tell(caller.user, what, [clientOf(caller)], stamp, clock())

  /** Never behind the clock: Kasts asks on and on while an answer's time is old. */
  const timeOf = (stamp: number): number => Math.max(stamp, Math.floor(clock() / 1000))

  /** Whose write it is, noting that their client was heard from. */
  async function senderOf({ user, appPassword }: BasicCaller): Promise<Sender> {
    const now = clock()
    if (appPassword === null) return { user, app, device: null, now }
    const { id: device, name } = appPassword
    await accounts.devices.declare({ user, app, device, name, seenAt: now, syncedAt: now })
    return { user, app, device, now }
  }

  on('get', `${base}/subscriptions`, async (ctx, caller) => {
    const question = await questionOf(ctx, caller, 'subscriptions')
    if (isRefusal(question)) return question
    // Before what is told is read, so that what comes between is told twice and not never.
    const { lastStamp } = await journal.head(caller.user)
    const changes = await subscriptionsSince(parts, caller.user, question.from)
    told(caller, 'subscriptions', lastStamp)
    return answer(200, { ...changes, timestamp: timeOf(lastStamp) })
  })

  on('post', `${base}/subscription_change/create`, async (ctx, caller) => {
    const body = await readJson(ctx)
    if (isRefusal(body)) return body
    const said = upload.safeParse(body.value)
    if (!said.success) return refuseValue('body', 'is not {"add": […], "remove": […]} with lists of feed URLs')
    const { add, remove } = said.data
    const changed = await changeSubscriptions(parts, await senderOf(caller), { add: add ?? [], remove: remove ?? [] })
    if (isRefusal(changed)) return changed
    return answer(200, { timestamp: timeOf(changed.written.after), update_urls: changed.updates })
  })

  on('get', `${base}/episode_action`, async (ctx, caller) => {
    const question = await questionOf(ctx, caller, 'episodes')
    if (isRefusal(question)) return question
    const { since, from } = question
    const asked = { user: caller.user, app }
    const { timestamp, actions } = await tellActions(parts, { ...asked, since: from })
    const own = caller.appPassword?.id
    // What a client said itself a moment ago would put it back to where it was then, while it plays on.
    const late = own === undefined || from === 0 ? null : await tellActions(parts, { ...asked, since: since + overlap })
    async function* some(): AsyncGenerator<readonly ShownAction[]> {
      for await (const few of actions) yield few.filter(({ device }) => late === null || device !== own).map(tellAction)
      for await (const few of late?.actions ?? []) yield few.filter(({ device }) => device === own).map(tellAction)
    }
    const body = await writeActions({ timestamp: timeOf(timestamp), actions: some() }, () =>
      told(caller, 'episodes', timestamp),
    )
    return answer(200, body, { 'Content-Type': 'application/json; charset=utf-8' })
  })

  on('post', `${base}/episode_action/create`, async (ctx, caller) => {
    const body = await readJson(ctx)
    if (isRefusal(body)) return body
    if (!Array.isArray(body.value)) return refuseValue('body', 'is not a list of actions')
    const sent: unknown[] = body.value
    const sender = await senderOf(caller)
    const received = await receiveActions(parts, sender, sent)
    if (isRefusal(received)) return received
    const { written, updates, overruled } = received
    if (overruled !== null) await tellAgain(parts, sender, [clientOf(caller)], overruled)
    return answer(200, { timestamp: timeOf(written.after), update_urls: updates })
  })
}
