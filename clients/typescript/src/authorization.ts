import { SignJWT } from 'jose'
import { BaladosError } from './errors.ts'
import type { KeyPair } from './keys.ts'

/** The app: its id never changes, and is the same on every device. */
export interface App {
  /** A name of your own in the form of a domain, `org.example.myapp`. */
  readonly id: string
  readonly name: string
  readonly url?: string
  readonly image?: string
  readonly keys: KeyPair
}

export interface AuthorizationRequest {
  /** The server's address, as the person typed it. */
  readonly server: string
  readonly app: App
  /** `['user.sync']` is all that a device needs. */
  readonly scopes: readonly string[]
  /** https, a loopback address, or a scheme of the app's own. Without one the page shows the user id to copy. */
  readonly redirectUri?: string
  /** Something random that `readRedirect` gets too. */
  readonly state?: string
  /** Seconds the person has for it. */
  readonly lifetime?: number
  /** Milliseconds since 1970, right within a minute: `await serverTime(server)` where the device's clock may be wrong. */
  readonly now?: number
}

/** The URL to open in a browser, where the person allows the app. */
export async function authorizationUrl(request: AuthorizationRequest): Promise<string> {
  const { server, app, scopes, redirectUri, state, lifetime = 600, now = Date.now() } = request
  const { id, keys, name, url, image } = app
  const token = await new SignJWT({
    app: { name, url, image, public_key: keys.publicKey },
    scopes: [...scopes],
    redirect_uri: redirectUri,
    state,
  })
    .setProtectedHeader({ alg: keys.algorithm, typ: 'JWT' })
    .setIssuer(id)
    .setIssuedAt(Math.floor(now / 1000))
    .setExpirationTime(Math.floor(now / 1000) + lifetime)
    .sign(keys.privateKey)
  return `${server.replace(/\/+$/, '')}/authorize?${new URLSearchParams({ token })}`
}

/** The server's clock, in milliseconds since 1970; the device's own where the server does not tell. */
export async function serverTime(server: string): Promise<number> {
  const { headers } = await fetch(`${server.replace(/\/+$/, '')}/api/openapi.json`, { method: 'HEAD' })
  const told = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(told) ? Date.now() : told
}

/** What the browser hands back once the person has allowed the app. Keep it beside the key pair. */
export interface Grant {
  readonly userId: string
  readonly username: string
  /** The server's own base URL: where calls go, and what request tokens are for. */
  readonly instance: string
}

/** Reads where the browser was sent after the decision; throws `NOT_ALLOWED` when the person said no. */
export function readRedirect(location: string, state: string): Grant {
  const said = new URL(location).searchParams
  // A redirect we did not ask for is somebody else's.
  if (said.get('state') !== state)
    throw new BaladosError('The browser came back with another state than it was sent with.', { code: 'NOT_ALLOWED' })
  const [userId, username, instance] = ['user_id', 'username', 'instance'].map((name) => said.get(name))
  if (!userId || !username || !instance)
    throw new BaladosError(`The app was not allowed: ${said.get('error') ?? 'the redirect names no user'}.`, {
      code: 'NOT_ALLOWED',
    })
  return { userId, username, instance }
}
