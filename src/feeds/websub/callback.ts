import { createHmac, timingSafeEqual } from 'node:crypto'
import { Router } from '@koa/router'
import type Koa from 'koa'
import type { Queryable } from '../../database/store.ts'
import { spanInWords } from '../plan.ts'
import {
  countIgnored,
  hubSecret,
  hubTold,
  type Lease,
  leaseAt,
  leaseConfirmed,
  leaseDenied,
  noteDecision,
  removeLease,
} from './leases.ts'

export interface HubCallbackParts {
  readonly cache: Queryable
  /** SECRET_KEY_BASE. */
  readonly secret: string
  /** Lets a worker look at what is due. */
  readonly wake: () => Promise<void>
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

const minute = 60_000
const day = 24 * 60 * minute

/** Milliseconds: what a lease is taken for at the most, and how soon it is renewed at the soonest. */
const longestLease = 30 * day
const soonestRenewal = 10 * minute
const afterDenial = 7 * day
/** As much as a feed may have: hubs send whole ones. None of it is kept. */
const largestBody = 30_000_000
const longestChallenge = 4_096

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/

/**
 * `/websub/{id}`, where hubs ask back and tell of changes (WebSub, 5.3 and 7). What they send is a signal and no more:
 * its signature is checked, and the feed is looked at where it is.
 */
export function hubCallback({ cache, secret, wake, clock }: HubCallbackParts): Router {
  const router = new Router()
  const leaseFor = async (id: string | undefined): Promise<Lease | null> =>
    id !== undefined && uuid.test(id) ? leaseAt(cache, id) : null

  router.get('/websub/:id', async (ctx) => {
    ctx.set('Cache-Control', 'no-store')
    const asked = new URLSearchParams(ctx.querystring)
    const lease = await leaseFor(ctx.params.id)
    const said = lease && asked.get('hub.topic') === lease.topic && (await answerTo(asked, lease))
    if (typeof said !== 'string') return refuse(ctx, 404)
    ctx.type = 'text/plain'
    ctx.status = 200
    ctx.body = said
  })

  /** What the hub must hear to believe that it is us who asked; null where we did not. */
  async function answerTo(asked: URLSearchParams, lease: Lease): Promise<string | null> {
    const mode = asked.get('hub.mode')
    const challenge = asked.get('hub.challenge') ?? ''
    if (mode === 'denied') return lease.wanted ? denied(lease) : null
    if (lease.askedAt === null || challenge === '' || challenge.length > longestChallenge) return null
    if (mode === 'subscribe' && lease.wanted) return subscribed(lease, asked.get('hub.lease_seconds'), challenge)
    return mode === 'unsubscribe' && !lease.wanted ? unsubscribed(lease, challenge) : null
  }

  async function denied(lease: Lease): Promise<string> {
    const now = clock()
    await leaseDenied(cache, lease.id, 'its hub does not want to tell', now + afterDenial)
    const again = `Ask it again in ${spanInWords(afterDenial)}.`
    await noteDecision(cache, lease.podcast, now, `Its hub does not want to tell of changes. ${again}`)
    return ''
  }

  async function subscribed(lease: Lease, seconds: string | null, challenge: string): Promise<string | null> {
    const now = clock()
    const given = seconds !== null && /^\d{1,12}$/.test(seconds) ? Number(seconds) * 1000 : 0
    if (given === 0) return null
    const span = Math.min(given, longestLease)
    const renewAt = now + Math.max(Math.round(span * 0.8), soonestRenewal)
    if (!(await leaseConfirmed(cache, lease.id, { now, until: now + span, renewAt }))) return null
    await noteDecision(cache, lease.podcast, now, `Its hub tells of changes for ${spanInWords(span)}.`)
    return challenge
  }

  async function unsubscribed(lease: Lease, challenge: string): Promise<string> {
    await removeLease(cache, lease.id)
    await noteDecision(cache, lease.podcast, clock(), 'Its hub tells of changes no more.')
    return challenge
  }

  router.post('/websub/:id', async (ctx) => {
    ctx.set('Cache-Control', 'no-store')
    const lease = await leaseFor(ctx.params.id)
    // By 410 hubs know that nobody listens any more.
    if (!lease?.wanted) return refuse(ctx, 410)
    const signed = await isSigned(ctx, hubSecret(secret, lease.id))
    if (signed === 'too large') return refuse(ctx, 413)
    // Whoever forges is told nothing (WebSub, 7.1).
    ctx.status = 202
    ctx.body = ''
    if (signed === 'no') return countIgnored(cache, lease.id)
    if (await hubTold(cache, lease.id, clock())) await wake()
  })
  return router
}

function refuse(ctx: Koa.Context, status: number): void {
  ctx.status = status
  ctx.body = ''
  if (ctx.method !== 'POST') return
  // What is still under way is read by nobody.
  ctx.set('Connection', 'close')
  ctx.req.resume()
}

/** Reads the body piece by piece, keeping none of it, and checks it against `X-Hub-Signature`. */
async function isSigned(ctx: Koa.Context, secret: string): Promise<'yes' | 'no' | 'too large'> {
  const [, algorithm, hex = ''] = /^(sha1|sha256|sha384|sha512)=([0-9a-f]+)$/i.exec(ctx.get('X-Hub-Signature')) ?? []
  const hmac = algorithm === undefined ? null : createHmac(algorithm.toLowerCase(), secret)
  let length = 0
  for await (const piece of ctx.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > largestBody) return 'too large'
    hmac?.update(piece)
  }
  if (hmac === null) return 'no'
  const right = hmac.digest()
  const given = Buffer.from(hex, 'hex')
  return given.length === right.length && timingSafeEqual(given, right) ? 'yes' : 'no'
}
