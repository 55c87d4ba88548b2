import { createPublicKey, randomUUID } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../accounts/browser.ts'
import { jws, type Keys, makeKeys } from '../../accounts/world.ts'
import { type Reply, startServer } from '../../support/instance.ts'

// The sentences of the contract once each, on a whole server; test/accounts has every way they can be got wrong.
const server = await startServer()
afterAll(() => server.close())
const keys = makeKeys()
const user = await server.addUser()
const browser = createBrowser(server.url)
await browser.logIn(user.username)

const freshId = () => `org.example.${randomUUID()}`
const seconds = () => Math.floor(Date.now() / 1000)

/** What an app asks the user with. */
function asking(id: string, rest: object = {}, { pem, privateKey }: Keys = keys, alg = 'RS256') {
  const app = { name: 'Player', url: 'https://player.example/', image: 'https://player.example/i.png', public_key: pem }
  const claims = { iss: id, app, scopes: ['user.plays'], iat: seconds(), exp: seconds() + 600, ...rest }
  return jws(claims, privateKey, alg)
}
const consent = (token: string, by = browser) => by.go(`/authorize?${new URLSearchParams({ token })}`)
const decide = async (token: string, decision = 'allow') =>
  browser.submit(await consent(token), '/authorize', { token, decision })

/** A call with a token of these claims; `undefined` leaves one out. */
async function call(
  id: string,
  claims: object = {},
  { privateKey }: Keys = keys,
  alg = 'RS256',
  path = '/play',
): Promise<Reply> {
  const payload = { iss: id, sub: user.id, iat: seconds(), exp: seconds() + 600, ...claims }
  const headers = { authorization: `Bearer ${jws(payload, privateKey, alg)}` }
  const response = await fetch(`${server.url}/api/v1${path}`, { headers })
  const { status, headers: answered } = response
  return { status, headers: answered, body: await response.json() }
}
const unauthorized = { status: 401, body: { error_code: 'UNAUTHORIZED' } }

describe('1. the authorization JWT', () => {
  test('is signed with the app’s private key and verified with the public key it carries', async () => {
    expect((await consent(asking(freshId()))).status).toBe(200)
    const forged = { ...keys, privateKey: makeKeys().privateKey }
    expect((await consent(asking(freshId(), {}, forged))).status).toBe(400)
  })

  test('public_key is PEM SPKI (a JWK object is accepted too)', async () => {
    const id = freshId()
    const jwk = createPublicKey(keys.privateKey).export({ format: 'jwk' })
    expect((await decide(asking(id, { app: { name: 'Player', public_key: jwk } }))).status).toBe(200)
    expect((await call(id)).status).toBe(200)
  })
})

describe('2. the user opens /authorize?token=…', () => {
  test('log-in first if needed', async () => {
    const stranger = createBrowser(server.url)
    const { status, location } = await stranger.go(`/authorize?token=${asking(freshId())}`)
    expect(status).toBe(303)
    expect(location).toMatch(/^\/users\/log_in\?/)
  })

  test('sees name, URL (no image of the app’s choosing) and each scope in plain words', async () => {
    const { html } = await consent(asking(freshId(), { scopes: ['user.plays.read', 'user.playlists.write'] }))
    for (const shown of ['Player', 'player.example', 'See what you listened to', 'change and delete playlists'])
      expect(html).toContain(shown)
    expect(html).not.toContain('i.png')
  })

  test('allowed: the browser goes to redirect_uri with state, user_id, username and the instance’s base URL', async () => {
    const token = asking(freshId(), { redirect_uri: 'https://player.example/done', state: 's&1' })
    const { status, location } = await decide(token)
    expect(status).toBe(303)
    expect(Object.fromEntries(new URL(location ?? '').searchParams)).toEqual({
      state: 's&1',
      user_id: user.id,
      username: user.username,
      instance: server.url,
    })
  })

  test.each(['https://player.example/done', 'http://127.0.0.1:7777/done', 'org.example.player://done'])(
    'denied: error=access_denied, to %s',
    async (redirect_uri) => {
      const { location } = await decide(asking(freshId(), { redirect_uri, state: 's' }), 'deny')
      expect(location).toBe(`${redirect_uri}?error=access_denied&state=s`)
    },
  )

  test('without redirect_uri the page shows the user id to copy', async () => {
    expect((await decide(asking(freshId()))).html).toContain(`value="${user.id}" readonly`)
  })
})

describe('3. allowing stores the app token', () => {
  test('user, app id, name, url, image, key, scopes', async () => {
    const id = freshId()
    await decide(asking(id))
    const { body } = await call(id, {}, keys, 'RS256', '/apps')
    expect(body.apps.find((app: { app_id: string }) => app.app_id === id)).toMatchObject({
      app_name: 'Player',
      app_url: 'https://player.example/',
      app_image: 'https://player.example/i.png',
      scopes: ['user.plays'],
    })
  })

  test('authorizing again replaces scopes and key and un-revokes; unique per (user, app id)', async () => {
    const id = freshId()
    const anew = makeKeys()
    await decide(asking(id))
    await decide(asking(id, { scopes: ['user'] }, anew))
    expect(await call(id)).toMatchObject(unauthorized)
    expect((await browser.submit(await browser.go('/apps'), '/apps/revoke', { app_id: id })).status).toBe(303)
    expect(await call(id, {}, anew)).toMatchObject(unauthorized)
    await decide(asking(id, { scopes: ['user'] }, anew))
    const { body } = await call(id, {}, anew, 'RS256', '/apps')
    expect(body.apps.filter((app: { app_id: string }) => app.app_id === id)).toMatchObject([{ scopes: ['user'] }])
  })
})

describe('4. the request JWT on each call', () => {
  test('sub is the user id or the user name', async () => {
    const id = freshId()
    await decide(asking(id))
    for (const sub of [user.id, user.username]) expect((await call(id, { sub })).status).toBe(200)
  })

  test('is verified with the stored key; scopes come from the stored grant, never from the JWT', async () => {
    const id = freshId()
    await decide(asking(id, { scopes: ['user.privacy'] }))
    expect(await call(id, {}, makeKeys())).toMatchObject(unauthorized)
    expect((await call(id, { scopes: ['*'], scope: '*' })).status).toBe(403)
  })

  test.each([
    ['RS256', 'rsa'],
    ['PS256', 'rsa'],
    ['ES256', 'p256'],
    ['EdDSA', 'ed25519'],
  ] as const)('algorithms: %s', async (alg, kind) => {
    const [id, own] = [freshId(), makeKeys(kind)]
    await decide(asking(id, {}, own, alg))
    expect((await call(id, {}, own, alg)).status).toBe(200)
  })

  test('`none` and HMAC are refused; the algorithm must fit the stored key', async () => {
    const id = freshId()
    await decide(asking(id))
    const claims = { iss: id, sub: user.id, iat: seconds(), exp: seconds() + 600 }
    for (const token of [jws(claims, '', 'none'), jws(claims, keys.pem, 'HS256')]) {
      const headers = { authorization: `Bearer ${token}` }
      expect((await fetch(`${server.url}/api/v1/play`, { headers })).status).toBe(401)
    }
    expect(await call(id, {}, makeKeys('p256'), 'ES256')).toMatchObject(unauthorized)
  })

  test.each([
    ['`exp` is required', { exp: undefined }, 401],
    ['at most 24 h after `iat`', { exp: seconds() + 86_400 + 60 }, 401],
    ['60 s clock skew: expired half a minute ago', { iat: seconds() - 600, exp: seconds() - 20 }, 200],
    ['60 s clock skew: not two minutes ago', { iat: seconds() - 600, exp: seconds() - 120 }, 401],
    ['`aud`, if present, must name this instance: another', { aud: 'https://elsewhere.example' }, 401],
  ])('%s', async (_, claims, status) => {
    const id = freshId()
    await decide(asking(id))
    expect((await call(id, claims)).status).toBe(status)
  })

  test('`aud`, if present, must name this instance: this one', async () => {
    const id = freshId()
    await decide(asking(id))
    expect((await call(id, { aud: server.url })).status).toBe(200)
  })

  test('unknown or revoked → 401, missing scope → 403 naming the scope', async () => {
    const id = freshId()
    expect(await call(id)).toMatchObject(unauthorized)
    await decide(asking(id, { scopes: ['user.privacy'] }))
    expect(await call(id)).toMatchObject({ status: 403, body: { error: expect.stringContaining('user.plays.read') } })
    await server.fresh.stores.system.pool.query('update system.app_tokens set revoked_at = now() where app_id = $1', [
      id,
    ])
    expect(await call(id)).toMatchObject(unauthorized)
  })
})

describe('scopes', () => {
  test.each(['user.plays.read', 'user.plays', 'user', '*', '*.read'])(
    'a parent grants its children; wildcards: %s',
    async (scope) => {
      const app = await server.allow(user, { scopes: [scope] })
      expect((await app.call('GET', '/play')).status).toBe(200)
    },
  )

  test.each(['user.plays.write', 'user.playlists', '*.write', 'user.sync', 'user.erase', 'user.read'])(
    'and nothing beside: %s does not open user.plays.read',
    async (scope) => {
      const app = await server.allow(user, { scopes: [scope] })
      expect((await app.call('GET', '/play')).status).toBe(403)
    },
  )

  test('asking for an unknown scope is an error shown to the developer', async () => {
    const { status, html } = await consent(asking(freshId(), { scopes: ['user.plays', 'user.dreams'] }))
    expect(status).toBe(400)
    expect(html).toContain('user.dreams')
  })

  test('admin.read|write only an admin can grant', async () => {
    const token = asking(freshId(), { scopes: ['admin.read'] })
    expect((await consent(token)).status).toBe(403)
    const admin = await server.addUser()
    await server.fresh.stores.system.pool.query('update system.users set is_admin = true where id = $1', [admin.id])
    const theirs = createBrowser(server.url)
    await theirs.logIn(admin.username)
    expect((await consent(token, theirs)).status).toBe(200)
  })
})
