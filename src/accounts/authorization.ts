import { isRefusal, type Refusal, refuse, refuseValue } from '../kernel/refusal.ts'
import { audienceRefusal, audiencesOf, badToken, isPlain, isSignedWith, readToken, timesRefusal } from './jwt.ts'
import { type AppKey, readAppKey } from './keys.ts'
import { readRedirect } from './redirects.ts'
import { needsAdmin, unknownScopes } from './scopes.ts'

/** What an app asks of a user, verified to come from the holder of the key it carries. */
export interface AuthorizationRequest {
  readonly appId: string
  readonly name: string
  readonly url: string | null
  readonly image: string | null
  readonly key: AppKey
  readonly scopes: readonly string[]
  /** Where the browser goes after the decision. */
  readonly redirect: URL | null
  /** Handed back to the app as it is. */
  readonly state: string | null
}

/**
 * Reads an authorization token (rest-v1, "App authorization", 1 and 2). It is signed with the very key it carries: that
 * proves no identity, only that who asks can sign the requests that will follow.
 *
 * Refusals are sentences for the app's developer.
 */
export async function readAuthorization(
  text: string,
  { publicUrl, now }: { readonly publicUrl: string; readonly now: number },
): Promise<AuthorizationRequest | Refusal> {
  const token = readToken(text)
  if (isRefusal(token)) return token
  const { payload } = token

  const { iss, app } = payload
  if (!isPlain(iss)) return badToken('The token needs "iss", the app’s id: 1 to 255 plain characters.')
  if (typeof app !== 'object' || app === null)
    return badToken('The token needs "app", an object with "name" and "public_key".')
  const { name, url, image, public_key } = app as Record<string, unknown>
  const key = readAppKey(public_key)
  if (isRefusal(key)) return key
  if (!key.algorithms.includes(token.algorithm))
    return badToken(
      `The token’s algorithm, ${token.algorithm}, does not fit its key: use ${key.algorithms.join(' or ')}.`,
    )
  const flaw = timesRefusal(payload, now) ?? audienceRefusal(payload, audiencesOf(publicUrl))
  if (flaw) return flaw
  if (!(await isSignedWith(token, key.pem, now)))
    return badToken('The signature is not by the key in "app.public_key".')

  if (!isPlain(name, 100) || name.trim() === '') return refuseValue('app.name', '1 to 100 plain characters')
  const site = readWebUrl('app.url', url)
  if (isRefusal(site)) return site
  const picture = readWebUrl('app.image', image)
  if (isRefusal(picture)) return picture
  const scopes = readScopes(payload.scopes)
  if (isRefusal(scopes)) return scopes
  const redirect = isAbsent(payload.redirect_uri) ? null : readRedirect(payload.redirect_uri)
  if (isRefusal(redirect)) return redirect
  const state = payload.state
  if (!isAbsent(state) && !(typeof state === 'string' && state.length <= 2_000 && state.isWellFormed()))
    return refuseValue('state', 'a string of at most 2,000 characters')

  return {
    appId: iss,
    name: name.trim(),
    url: site?.href ?? null,
    image: picture?.href ?? null,
    key,
    scopes,
    redirect: redirect as URL | null,
    state: typeof state === 'string' ? state : null,
  }
}

/** Why this person can't grant what is asked, or null. */
export function grantRefusal(request: AuthorizationRequest, isAdmin: boolean): Refusal | null {
  const scope = request.scopes.find(needsAdmin)
  return scope === undefined || isAdmin ? null : refuse('forbidden', `Only an administrator can grant ${scope}.`)
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

function readWebUrl(where: string, value: unknown): URL | null | Refusal {
  if (isAbsent(value)) return null
  const url = isPlain(value, 2_000) && URL.canParse(value) ? new URL(value) : null
  if (!url || !/^https?:$/.test(url.protocol))
    return refuseValue(where, 'an http or https URL of at most 2,000 characters')
  // `https://your-bank.example@evil.example` reads as another site.
  return url.username || url.password ? refuseValue(where, 'a user name or password is not accepted') : url
}

function readScopes(value: unknown): readonly string[] | Refusal {
  if (!Array.isArray(value) || value.length === 0 || !value.every((scope) => typeof scope === 'string'))
    return refuseValue('scopes', 'a list of at least one scope, each a string')
  const [unknown] = unknownScopes(value)
  if (unknown !== undefined) return refuseValue('scopes', `there is no scope ${JSON.stringify(unknown.slice(0, 100))}`)
  return [...new Set<string>(value)]
}
