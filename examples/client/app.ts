import { exportSPKI, generateKeyPair, SignJWT } from 'jose'

/** What the browser hands back once the user has allowed the app. */
export interface Grant {
  readonly userId: string
  readonly username: string
  /** The server's own base URL, for `aud`. */
  readonly instance: string
}

/** An app with its key pair. One app, one key; each device names itself in its request tokens. */
export interface App {
  /** The URL a browser must open; it comes back to `redirectUri` with `state`. */
  authorizationUrl(state: string): Promise<string>
  /** A token for one request, or for all of the next few minutes. */
  requestToken(grant: Grant, device: string, now: number): Promise<string>
}

const appId = 'example.balados.two-devices'
/** A scheme that the system opens this very app for; a desktop app may listen on `http://127.0.0.1:<port>` instead. */
export const redirectUri = `${appId}:/allowed`

export async function createApp(server: string): Promise<App> {
  // Made once per installation and kept; the private key can't be taken out of the key store.
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const publicKeyPem = await exportSPKI(publicKey)

  return {
    async authorizationUrl(state) {
      const token = await new SignJWT({
        app: { name: 'Two devices', url: 'https://app.example', public_key: publicKeyPem },
        scopes: ['user.sync'],
        redirect_uri: redirectUri,
        state,
      })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(appId)
        .setIssuedAt()
        .setExpirationTime('10m')
        .sign(privateKey)
      return `${server}/authorize?${new URLSearchParams({ token })}`
    },
    requestToken: ({ userId, instance }, device, now) =>
      new SignJWT({ device_id: device })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(appId)
        .setSubject(userId)
        .setAudience(instance)
        .setIssuedAt(Math.floor(now / 1000))
        .setExpirationTime(Math.floor(now / 1000) + 300)
        .sign(privateKey),
  }
}

/** Reads where the browser was sent after the decision. */
export function readRedirect(location: string, state: string): Grant {
  const said = new URL(location).searchParams
  // A redirect we did not ask for is somebody else's.
  if (said.get('state') !== state) throw new Error('the browser came back with another state than it was sent with')
  const [userId, username, instance] = ['user_id', 'username', 'instance'].map((name) => said.get(name))
  if (!userId || !username || !instance) throw new Error(`the app was not allowed: ${said.get('error') ?? location}`)
  return { userId, username, instance }
}
