import type { Router } from '@koa/router'
import { type Accounts, grants } from '../accounts/index.ts'
import type { Store } from '../database/store.ts'
import { openApiDocument } from '../http/openapi.ts'
import { sendJson } from '../http/problems.ts'
import { type ApiParts, type Authenticate, apiRouter } from '../http/router.ts'
import type { Listening } from '../journal/listening.ts'
import { isRefusal } from '../kernel/refusal.ts'
import { createGuids } from '../podcast/guids.ts'
import { createDeletions } from './deletions.ts'
import { readingEndpoints } from './reading.ts'
import { writingEndpoints } from './writing.ts'

export interface OpenPodcastParts {
  readonly listening: Listening
  readonly system: Store
  readonly accounts: Pick<Accounts, 'authenticate' | 'appPassword'>
  /** Null where requests are not limited. */
  readonly countRequest: ApiParts['countRequest']
  readonly about: { readonly version: string; readonly baseUrl: string }
  /** Milliseconds since 1970. */
  readonly clock?: () => number
}

const prefix = '/v1'

const bearer = 'An app password, or a JWT that an allowed app signs for each call.'

/** The Open Podcast API (https://openpodcastapi.org, draft), below `/v1`. */
export function openPodcastDoor(parts: OpenPodcastParts): Router {
  const { listening, system, accounts, countRequest, about, clock = Date.now } = parts
  const guids = createGuids(system, listening.catalog, clock)
  const door = { listening, guids, deletions: createDeletions(system), publicUrl: about.baseUrl }
  const endpoints = [...readingEndpoints(door), ...writingEndpoints(door)]
  const document = openApiDocument(endpoints, { ...about, prefix, bearer })
  const base = `${about.baseUrl.replace(/\/+$/, '')}${prefix}`
  const authenticate = appPasswordOrToken(accounts)
  return apiRouter({ endpoints, authenticate, grants, countRequest, clock, prefix })
    .get('/capabilities', (ctx) => sendJson(ctx, { capabilities, openapi: `${base}/openapi.json` }))
    .get('/openapi.json', (ctx) => sendJson(ctx, document))
}

/** What is spoken here is a draft, and says so. */
const capabilities = { 'urn:opa:core': { '0.1.0': { status: 'UNSTABLE' } } }

/** What an app password opens here: all there is. */
const scopes = ['user.subscriptions']

function appPasswordOrToken(accounts: OpenPodcastParts['accounts']): Authenticate {
  return async (authorization, address) => {
    const found = await accounts.appPassword(authorization, address)
    if (found === null) return accounts.authenticate(authorization, address)
    if (isRefusal(found)) return found
    const { user, username, appPassword } = found
    return { user, username, scopes, author: { app: 'openpodcast', device: appPassword?.id ?? null } }
  }
}
