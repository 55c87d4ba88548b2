import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { Router } from '@koa/router'
import type Koa from 'koa'
import type { Visitor } from '../../accounts/index.ts'
import { comesFromHere } from '../../http/csrf.ts'
import { problemOf, sendProblem } from '../../http/problems.ts'
import type { UserId } from '../../kernel/brand.ts'
import { authorKey } from '../../kernel/decider.ts'
import { isRefusal, type Refusal, refuse, refuseForNow } from '../../kernel/refusal.ts'
import { type Channel, type ChannelParts, closeCodes } from './channel.ts'
import type { Reader } from './hub.ts'

export interface EventsParts extends ChannelParts {
  readonly publicUrl: string
  readonly visitorOf: (ctx: Koa.Context) => Promise<Visitor | null>
  /** Counts the opening of a stream; null where nothing is limited. */
  readonly countOpening: ((user: UserId) => Promise<{ readonly exceeded: boolean; readonly resetIn: number }>) | null
  /** Has a stream looked after, until what comes back is called. */
  enrol(channel: Channel): () => void
}

/** Milliseconds after which a browser comes back. */
const comeBack = 2_000

interface Asking {
  readonly user: UserId
  readonly author: string | null
  /** Whether who asked may still listen. */
  again(): Promise<boolean>
}

/** The stream of changes as Server-Sent Events (WHATWG HTML, 9.2): the id of an event is the sync_token to go on from. */
export function eventsRouter(parts: EventsParts): Router {
  const { hub, identify, grants, times, clock, log, places, tally } = parts

  async function who(ctx: Koa.Context): Promise<Asking | Refusal> {
    const { authorization } = ctx.headers
    if (authorization === undefined) return byCookie(ctx)
    const token = /^Bearer +(\S+) *$/i.exec(authorization)?.[1]
    if (token === undefined) return refuse('unauthorized', 'Send a token: "Authorization: Bearer …".')
    const member = await identify(token, ctx.ip)
    if (isRefusal(member)) return member
    const allowed = (scopes: readonly string[]) => grants(scopes, 'user.sync') || grants(scopes, 'user')
    if (!allowed(member.scopes))
      return refuse('forbidden', 'This needs the scope user.sync or user, which the app was not granted.')
    const again = async () => {
      const now = await identify(token)
      return !isRefusal(now) && now.user === member.user && allowed(now.scopes)
    }
    return { user: member.user, author: authorKey(member.author), again }
  }

  async function byCookie(ctx: Koa.Context): Promise<Asking | Refusal> {
    const visitor = await parts.visitorOf(ctx)
    if (!visitor) return refuse('unauthorized', 'Send a token, or log in.')
    if (!comesFromHere(ctx, parts.publicUrl))
      return refuse('forbidden', 'With a cookie only pages of this server listen.')
    const again = async () => (await parts.visitorOf(ctx))?.id === visitor.id
    return { user: visitor.id, author: null, again }
  }

  async function stream(ctx: Koa.Context): Promise<Refusal | undefined> {
    const asking = await who(ctx)
    if (isRefusal(asking)) return asking
    const standing = await parts.countOpening?.(asking.user)
    if (standing?.exceeded) return refuseForNow('Too many streams were opened.', standing.resetIn)
    const since = ctx.get('Last-Event-ID') || ctx.query.since || null
    if (Array.isArray(since)) return refuse('validation', 'since: stands there more than once')

    const body = new PassThrough({ highWaterMark: times.mostBuffered })
    const write = (token: string | null, event: string, text: string) => {
      if (!body.writableEnded && !body.destroyed)
        body.write(`${token === null ? '' : `id: ${token}\n`}event: ${event}\ndata: ${text}\n\n`)
    }
    const begun = await hub.subscribe(asking.user, readerOf(ctx, body, asking.author, write), since)
    if (isRefusal(begun)) return begun
    // Who has gone meanwhile is never heard to go again.
    const leavePlace = ctx.res.destroyed ? null : places.take(asking.user)
    if (!leavePlace) {
      begun.leave()
      return ctx.res.destroyed ? undefined : refuseForNow('Too many channels of this user are open.', 60)
    }
    const leaveTurn = parts.enrol(channelOf(ctx, body, asking, write))
    ctx.res.once('close', () => {
      begun.leave()
      leavePlace()
      leaveTurn()
      body.destroy()
    })
    ctx.status = 200
    ctx.compress = false
    ctx.set({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    })
    ctx.body = body
    body.write(`retry: ${comeBack}\n`)
    write(begun.token, 'connected', JSON.stringify({ status: 'connected', sync_token: begun.token }))
    begun.begin()
    return undefined
  }

  /** What waits for the client: in the stream, and behind it in the connection. */
  const waiting = (ctx: Koa.Context, body: PassThrough) =>
    body.writableLength + body.readableLength + ctx.res.writableLength

  function readerOf(ctx: Koa.Context, body: PassThrough, author: string | null, write: Write): Reader {
    const isOpen = () => !body.destroyed && !body.writableEnded
    const ready = () => isOpen() && waiting(ctx, body) < times.mostBuffered
    return {
      author,
      ready,
      async drained() {
        for (const until = clock() + times.patience; isOpen(); await sleep(times.look)) {
          if (ready()) return true
          if (clock() < until) continue
          tally.slow++
          end(ctx, body, write, 'SLOW_READER', 'Reading too slowly: resume from the last sync_token.')
        }
        return false
      },
      push: (token, text) => write(token, 'change', text),
    }
  }

  function end(ctx: Koa.Context, body: PassThrough, write: Write, code: string, message: string): void {
    write(null, 'end', JSON.stringify({ status: 'error', error: { message, code } }))
    body.end()
    setTimeout(() => ctx.res.destroy(), times.farewell).unref()
  }

  function channelOf(ctx: Koa.Context, body: PassThrough, asking: Asking, write: Write): Channel {
    let lookedAt = clock()
    return {
      kind: 'events',
      close: (code, reason) =>
        end(ctx, body, write, code === closeCodes.goingAway ? 'GOING_AWAY' : 'INVALID_TOKEN', reason),
      beat() {
        if (body.writableEnded) return
        // A comment: keeps proxies from hanging up, and finds clients that are gone.
        if (waiting(ctx, body) < times.mostBuffered) body.write(': \n\n')
        if (clock() - lookedAt < times.trust) return
        lookedAt = clock()
        asking.again().then(
          (may) => may || end(ctx, body, write, 'INVALID_TOKEN', 'The token or session has ended.'),
          (error: unknown) => log.error({ err: error }, 'a token could not be looked at again'),
        )
      },
    }
  }

  return new Router().get('/api/v1/events', async (ctx) => {
    const refused = await stream(ctx)
    if (!refused) return
    ctx.set('Cache-Control', 'no-store')
    sendProblem(ctx, problemOf(refused))
  })
}

type Write = (token: string | null, event: string, text: string) => void
