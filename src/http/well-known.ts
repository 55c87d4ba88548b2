import { Router } from '@koa/router'
import { sendJson } from './problems.ts'
import { apiPrefix } from './router.ts'

/** What an instance tells apps of itself before they know anything else of it. */
export interface SelfDescription {
  /** Every scope an app can ask for, in words. */
  readonly scopes: Readonly<Record<string, string>>
  /** The host that serves the play gateway and nothing else; null where the instance does that itself. */
  readonly playDomain: string | null
  /** Names of what this instance can do beyond the first version of the API. */
  readonly features: readonly string[]
}

/** `/.well-known/balados-sync` (contract/rest-v1.md, "Identifiers"), readable from any page. */
export function wellKnownRouter(
  { scopes, playDomain, features }: SelfDescription,
  { version, baseUrl }: { readonly version: string; readonly baseUrl: string },
): Router {
  const base = baseUrl.replace(/\/+$/, '')
  const description = {
    software: { name: 'balados-sync', version },
    api: { v1: `${base}${apiPrefix}` },
    versions: ['v1'],
    openapi: `${base}/api/openapi.json`,
    documentation: `${base}/api/docs`,
    authorize: `${base}/authorize`,
    scopes: Object.keys(scopes),
    play_domain: playDomain,
    features,
  }
  return new Router().get('/.well-known/balados-sync', (ctx) => {
    ctx.set({ 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'public, max-age=300' })
    sendJson(ctx, description)
  })
}
