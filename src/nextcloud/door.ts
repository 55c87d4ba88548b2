import { Router } from '@koa/router'
import type Koa from 'koa'
import type { Accounts, BasicCaller } from '../accounts/index.ts'
import { readBasic, type Stamps, send, sendRefusal } from '../gpodder/index.ts'
import type { Listening } from '../journal/listening.ts'
import type { Answer } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuse } from '../kernel/refusal.ts'

export interface DoorParts extends Listening {
  readonly accounts: Pick<Accounts, 'basic' | 'devices' | 'appRequests' | 'credentials'>
  readonly stamps: Stamps
  readonly publicUrl: string
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

export type Handler = (ctx: Koa.Context, caller: BasicCaller) => Promise<Answer | Refusal>

export interface Door {
  readonly router: Router
  /** Answers whoever logs in by Basic, at each call. */
  on(method: 'get' | 'post', path: string, handle: Handler): void
  /** Answers whoever asks. */
  open(method: 'get' | 'post', path: string, handle: (ctx: Koa.Context) => Promise<Answer | Refusal>): void
}

const unauthorized = refuse('unauthorized', 'Log in with the name of the account and an app password.')

/** Who logs in by Basic with this request. */
export async function callerOf(ctx: Koa.Context, { basic }: Pick<Accounts, 'basic'>): Promise<BasicCaller | Refusal> {
  const credentials = readBasic(ctx.get('Authorization'))
  return (credentials && (await basic(credentials, ctx.ip))) ?? unauthorized
}

/**
 * The places a Nextcloud has a path at: with and without `index.php`, and behind the second slash that clients make
 * which put a path after an address that ends in one.
 */
export const places = (path: string): string[] => [path, `/index.php${path}`, `/${path}`, `//index.php${path}`]

/** Mounts what a Nextcloud answers: its places, log-in and refusals are dealt with here and nowhere else. */
export function createDoor({ accounts }: Pick<DoorParts, 'accounts'>): Door {
  const router = new Router()

  function say(ctx: Koa.Context, said: Answer | Refusal): void {
    ctx.set('Cache-Control', 'no-store')
    if (isRefusal(said)) sendRefusal(ctx, said)
    else send(ctx, said)
  }

  return {
    router,
    on: (method, path, handle) => {
      router[method](places(path), async (ctx) => {
        const caller = await callerOf(ctx, accounts)
        say(ctx, isRefusal(caller) ? caller : await handle(ctx, caller))
      })
    },
    open: (method, path, handle) => {
      router[method](places(path), async (ctx) => say(ctx, await handle(ctx)))
    },
  }
}
