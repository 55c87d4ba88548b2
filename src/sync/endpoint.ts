import type { Listening } from '../journal/listening.ts'
import type { Head, Unit } from '../journal/unit.ts'
import { authorKey } from '../kernel/decider.ts'
import { type Answer, answer, type Endpoint, endpoint, type Origin } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuse, refuseValue } from '../kernel/refusal.ts'
import type { Seen } from '../podcast/seen.ts'
import { type SubscriptionState, subscribedSince, subscription } from '../subscriptions/index.ts'
import { applyEntries, tell } from './apply.ts'
import { type Asked, askedFor, syncBody } from './body.ts'
import { changesSince } from './changes.ts'
import { takeIn } from './intake.ts'
import { showChanges, showConflict, syncAnswer } from './shown.ts'
import { formatToken, parseLastSync } from './token.ts'

/** A time as cursor says nothing of clocks: this much before it is told again. */
const overlapSeconds = 300

/** What `last_sync` told. */
type LastSeen =
  | { readonly what: 'nothing' }
  | { readonly what: 'time'; readonly after: number }
  | { readonly what: 'token'; readonly number: number; readonly current: boolean }

/** What the device had seen, and from which number on it wants to be told. */
interface Cursor {
  readonly after: number
  readonly seen: Seen
  /** A first sync, or one by time, is told everything; one by token only what it did not write itself. */
  readonly incremental: boolean
}

export function syncEndpoint({ journal, catalog, titlesOf, reading }: Listening): Endpoint {
  /** Looked up before the commit, which may hold a lock. */
  async function lastSeen(lastSync: string | null, origin: Origin): Promise<LastSeen | Refusal> {
    if (lastSync === null || lastSync === '') return { what: 'nothing' }
    const parsed = parseLastSync(lastSync)
    if (parsed === null) return refuseValue('last_sync', 'is neither a sync_token nor an RFC 3339 time')
    if (!('time' in parsed)) return { what: 'token', ...parsed, current: parsed.epoch === (await journal.epoch()) }
    const after = await journal.numberBefore(origin.user, Math.floor(parsed.time / 1000) - overlapSeconds)
    return { what: 'time', after }
  }

  function cursor(last: LastSeen, origin: Origin, head: Head): Cursor | Refusal {
    const own = { author: authorKey(origin.author), ownSince: head.lastNumber }
    switch (last.what) {
      case 'nothing':
        return { after: 0, seen: { what: 'until', number: 0, ...own }, incremental: false }
      case 'time':
        return { after: last.after, seen: { what: 'unknown' }, incremental: false }
      case 'token': {
        const { number } = last
        if (last.current && number <= head.lastNumber && number >= head.horizon) {
          return { after: number, seen: { what: 'until', number, ...own }, incremental: true }
        }
        return refuse(
          'sync_token_expired',
          'This sync_token is too old or of another life of the server; sync in full.',
        )
      }
      default:
        return last satisfies never
    }
  }

  async function sync(lastSync: string | null, asked: Asked, origin: Origin): Promise<Answer | Refusal> {
    const last = await lastSeen(lastSync, origin)
    if (isRefusal(last)) return last
    const intake = await takeIn(catalog, origin, asked.entries)
    const named = authorKey(origin.author)
    return journal.commit(origin, async (unit) => {
      const from = cursor(last, origin, unit.head)
      if (isRefusal(from)) return from
      const applied =
        intake.groups.length > 0 ? await applyEntries(unit, intake, from.seen) : { conflicts: [], rejected: [] }
      // Only now: the read models must be complete up to the head that the token will name.
      const db = await reading(origin.user)
      const changes = await changesSince(db, origin.user, from.after, from.incremental ? named : null)
      const told = tell(unit, intake, changes, from.incremental ? named : null)
      const shown = await showChanges({ catalog, titlesOf }, origin.user, told, sinceOf(unit))
      const outcome = {
        sync_token: formatToken({ epoch: await journal.epoch(), number: unit.number }),
        conflicts: applied.conflicts.map(showConflict),
        rejected: [...intake.rejected, ...applied.rejected],
      }
      if (asked.shape === 'A') return answer(200, { ...outcome, changes: shown })
      const { plays, ...rest } = shown
      return answer(200, { status: 'success', ...outcome, data: { ...rest, play_statuses: plays } })
    })
  }

  /** What this very request subscribed to or left is not in the read model yet. */
  const sinceOf = (unit: Unit) => async (podcasts: readonly string[]) => {
    const { user } = unit.origin
    const since = new Map(await subscribedSince(await reading(user), user, podcasts))
    for (const { kind, id, state } of unit.touched()) {
      if (kind !== subscription.kind) continue
      const { active, subscribedAt } = state as SubscriptionState
      if (active?.value && subscribedAt !== null) since.set(id, new Date(subscribedAt))
      else since.delete(id)
    }
    return since
  }

  return endpoint({
    method: 'post',
    path: '/sync',
    summary: 'Bring a device and the server into step',
    description:
      'Send what changed on the device, get what changed elsewhere and a token for the next time. Two shapes are in use: ' +
      'entries under `changes`, or at top level; the answer has the shape that was asked.',
    tag: 'Sync',
    scope: ['user.sync', 'user'],
    limit: 30,
    body: syncBody,
    bodyLimit: 16 * 1024 * 1024,
    checksTexts: true,
    answers: { 200: syncAnswer },
    refusals: ['sync_token_expired'],
    handle: ({ body, origin }) => sync(body.last_sync ?? null, askedFor(body), origin),
  })
}
