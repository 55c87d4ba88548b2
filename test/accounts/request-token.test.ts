import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createApps } from '../../src/accounts/apps.ts'
import { readAuthorization } from '../../src/accounts/authorization.ts'
import { grants } from '../../src/accounts/index.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import { createWorld, jws, type Keys, makeKeys, publicUrl, type World } from './world.ts'

const appId = 'org.example.player'
const hour = 3600
const day = 24 * hour
const keys = makeKeys('rsa')
const otherKeys = makeKeys('rsa')

let world: World
let ada: UserId

beforeAll(async () => {
  world = await createWorld()
  ada = await world.addUser('ada')
  await world.addUser('grace')
})
afterAll(() => world.close())
beforeEach(() => allow('ada', keys))

/** Allows an app as the consent page does: by a token that the app signs. */
async function allow(username: string, { pem, privateKey }: Keys, scopes = ['user.plays'], alg = 'RS256', id = appId) {
  const exp = world.seconds() + hour
  const token = jws({ iss: id, app: { name: 'Player', public_key: pem }, scopes, exp }, privateKey, alg)
  const request = await readAuthorization(token, { publicUrl, now: world.now() })
  const user = await world.accounts.findUser(username)
  if (isRefusal(request) || !user) throw new Error(JSON.stringify(request))
  await createApps(world.system, world.now).allow(user.id, request)
}

const claims = (extra: object = {}) => ({
  iss: appId,
  sub: 'ada',
  iat: world.seconds(),
  exp: world.seconds() + hour,
  ...extra,
})
const signed = (extra: object = {}) => jws(claims(extra), keys.privateKey)
const authenticate = (token: string) => world.accounts.authenticate(`Bearer ${token}`)
const refused = (sentence: RegExp) => ({ refused: 'unauthorized', message: expect.stringMatching(sentence) })

describe('a token that is what it should be', () => {
  test('names the user, the app, the device and the scopes of the grant', async () => {
    const caller = await authenticate(signed({ device_id: 'phone-1', device_name: 'Ada’s phone', jti: 'a1' }))
    expect(caller).toEqual({
      user: ada,
      username: 'ada',
      author: { app: appId, device: 'phone-1' },
      deviceName: 'Ada’s phone',
      scopes: ['user.plays'],
    })
  })

  test.each([
    ['a name in capitals', () => 'ADA'],
    ['an id', () => ada],
    ['an id in capitals', () => ada.toUpperCase()],
  ])('may name its user by %s', async (_, sub) => {
    expect(await authenticate(signed({ sub: sub() }))).toMatchObject({ user: ada, author: { device: null } })
  })

  test.each(['', null])('may leave its device unnamed by %j', async (nothing) => {
    expect(await authenticate(signed({ device_id: nothing, device_name: nothing, jti: nothing }))).toMatchObject({
      author: { app: appId, device: null },
      deviceName: null,
    })
  })

  test.each([
    ['RS256', 'rsa'],
    ['PS256', 'rsa'],
    ['ES256', 'p256'],
    ['EdDSA', 'ed25519'],
  ] as const)('may be signed with %s', async (alg, kind) => {
    const own = makeKeys(kind)
    await allow('ada', own, ['user'], alg)
    expect(await authenticate(jws(claims(), own.privateKey, alg))).toMatchObject({ user: ada })
  })

  test.each([
    ['the base URL', publicUrl],
    ['the base URL with a slash', `${publicUrl}/`],
    ['the host', 'balados.example'],
    ['several, this one among them', ['https://other.example', publicUrl]],
  ])('may be made for this instance by %s', async (_, aud) => {
    expect(await authenticate(signed({ aud }))).toMatchObject({ user: ada })
  })

  test('may come from a clock that is a minute wrong, and may live a whole day', async () => {
    const now = world.seconds()
    expect(await authenticate(signed({ iat: now + 59, nbf: now + 59, exp: now + hour }))).toMatchObject({ user: ada })
    expect(await authenticate(signed({ iat: now - hour, exp: now - 59 }))).toMatchObject({ user: ada })
    expect(await authenticate(signed({ iat: now, exp: now + day }))).toMatchObject({ user: ada })
  })

  test('may follow the word bearer in any case', async () => {
    expect(await world.accounts.authenticate(`bearer  ${signed()}`)).toMatchObject({ user: ada })
  })
})

describe('times', () => {
  const flaws: [string, () => object, RegExp][] = [
    ['expired', () => ({ iat: world.seconds() - hour, exp: world.seconds() - 60 }), /expired/],
    ['not yet valid by nbf', () => ({ nbf: world.seconds() + 61 }), /not valid yet/],
    ['not yet valid by iat', () => ({ iat: world.seconds() + 61 }), /not valid yet/],
    ['over-long', () => ({ exp: world.seconds() + day + 1 }), /too long/],
    ['in milliseconds', () => ({ exp: world.now() + 1000 }), /too long/],
    ['without exp', () => ({ exp: undefined }), /"exp"/],
    ['without iat', () => ({ iat: undefined }), /"iat"/],
    ['with an exp that is no number', () => ({ exp: '2030-01-01' }), /"exp"/],
    ['with an iat that is no number', () => ({ iat: null }), /"iat"/],
    ['with an nbf that is no number', () => ({ nbf: 'now' }), /"nbf"/],
  ]

  test.each(flaws)('a token %s is refused', async (_, extra, sentence) => {
    expect(await authenticate(signed(extra()))).toMatchObject(refused(sentence))
  })
})

describe('audience', () => {
  const others = ['https://other.example', 'http://balados.example', 'balados.example.evil', '', [], [7], 7, null, {}]

  test.each(others)('a token for %j is refused', async (aud) => {
    expect(await authenticate(signed({ aud }))).toMatchObject(refused(/another server/))
  })
})

describe('signatures', () => {
  test('alg none is refused, with and without a signature', async () => {
    const unsigned = jws(claims(), '', 'none')
    expect(await authenticate(unsigned)).toMatchObject(refused(/algorithm/))
    expect(await authenticate(`${unsigned}${signed().split('.')[2]}`)).toMatchObject(refused(/algorithm/))
    expect(await authenticate(jws(claims(), '', 'None'))).toMatchObject(refused(/algorithm/))
  })

  test('HS256 signed with the public key is refused', async () => {
    for (const secret of [keys.pem, keys.pem.trim()])
      expect(await authenticate(jws(claims(), secret, 'HS256'))).toMatchObject(refused(/algorithm/))
  })

  test.each(['RS384', 'RS512', 'RS1', 'ES384', 'HS512', 'toString', 7, null, undefined])(
    'the algorithm %j is refused',
    async (alg) => {
      const token = jws(claims(), keys.privateKey, 'RS256', { alg })
      expect(await authenticate(token)).toMatchObject(refused(/algorithm/))
    },
  )

  test('an algorithm that does not fit the stored key is refused', async () => {
    const curve = makeKeys('p256')
    expect(await authenticate(jws(claims(), curve.privateKey, 'ES256'))).toMatchObject(refused(/No app/))
    await allow('ada', curve, ['user'], 'ES256')
    expect(await authenticate(jws(claims(), keys.privateKey, 'RS256'))).toMatchObject(refused(/No app/))
  })

  test('another app’s key is refused, also when that app is allowed by the same user', async () => {
    await allow('ada', otherKeys, ['*'], 'RS256', 'org.example.other')
    expect(await authenticate(jws(claims(), otherKeys.privateKey))).toMatchObject(refused(/No app/))
  })

  test('a key that the token brings along is ignored', async () => {
    const jwk = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const header = { jwk: jwk.publicKey.export({ format: 'jwk' }), kid: 'mine', jku: 'https://evil.example/keys' }
    expect(await authenticate(jws(claims(), jwk.privateKey, 'RS256', header))).toMatchObject(refused(/No app/))
  })

  test('a token whose claims were changed after signing is refused', async () => {
    const [header, , signature] = signed().split('.')
    const forged = Buffer.from(JSON.stringify(claims({ sub: 'grace' }))).toString('base64url')
    await allow('grace', keys)
    expect(await authenticate(`${header}.${forged}.${signature}`)).toMatchObject(refused(/No app/))
  })

  test('extensions that must be understood, and unencoded payloads, are refused', async () => {
    const critical = jws(claims(), keys.privateKey, 'RS256', { crit: ['exp'], exp: 1 })
    expect(await authenticate(critical)).toMatchObject({ refused: 'unauthorized' })
    const unencoded = jws(claims(), keys.privateKey, 'RS256', { crit: ['b64'], b64: false })
    expect(await authenticate(unencoded)).toMatchObject({ refused: 'unauthorized' })
  })
})

describe('grants', () => {
  test('an app that was revoked is refused at once, until it is allowed again', async () => {
    expect(await authenticate(signed())).toMatchObject({ user: ada })
    await createApps(world.system, world.now).revoke(ada, appId)
    expect(await authenticate(signed())).toMatchObject(refused(/revoked/))
    await allow('ada', keys, ['user.sync'])
    expect(await authenticate(signed())).toMatchObject({ scopes: ['user.sync'] })
  })

  test('allowing again with another key ends the old one', async () => {
    await allow('ada', otherKeys)
    expect(await authenticate(signed())).toMatchObject(refused(/No app/))
    expect(await authenticate(jws(claims(), otherKeys.privateKey))).toMatchObject({ user: ada })
  })

  test('scopes claimed but not granted count for nothing', async () => {
    const caller = await authenticate(signed({ scopes: ['*', 'admin.write'], scope: '*' }))
    if (isRefusal(caller)) throw new Error(caller.message)
    expect(caller.scopes).toEqual(['user.plays'])
    expect(grants(caller.scopes, 'user.subscriptions.read')).toBe(false)
  })

  test('another user’s data stay out of reach: the app can’t speak for somebody who has not allowed it', async () => {
    const ghost = await authenticate(signed({ sub: 'nobody_here' }))
    const grace = await authenticate(signed({ sub: 'grace_2' }))
    await world.addUser('grace_2')
    const stranger = await authenticate(signed({ sub: 'grace_2' }))
    const otherApp = await authenticate(signed({ iss: 'org.example.unknown' }))
    const otherKey = await authenticate(jws(claims(), otherKeys.privateKey))
    expect(stranger).toMatchObject(refused(/No app/))
    // Whether such a user exists, and which apps they use, shows in none of the answers.
    for (const answer of [ghost, grace, otherApp, otherKey]) expect(answer).toEqual(stranger)
  })

  test('a suspended user’s apps are refused', async () => {
    await world.system.pool.query('update system.users set suspended_at = now() where id = $1', [ada])
    expect(await authenticate(signed())).toMatchObject(refused(/suspended/))
    await world.system.pool.query('update system.users set suspended_at = null where id = $1', [ada])
    expect(await authenticate(signed())).toMatchObject({ user: ada })
  })

  test('who is no admin any more has granted no administration any more', async () => {
    const root = await world.addUser('margaret', { admin: true })
    await allow('margaret', keys, ['user', 'admin.read'])
    expect(await authenticate(signed({ sub: root }))).toMatchObject({ scopes: ['user', 'admin.read'] })
    await world.system.pool.query('update system.users set is_admin = false where id = $1', [root])
    expect(await authenticate(signed({ sub: root }))).toMatchObject({ scopes: ['user'] })
  })
})

describe('what is no token', () => {
  const headers = [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Basic YWRhOmFkYQ==',
    'Bearer a b',
    'Bearer x',
    'Bearer a.b.c',
    'Bearer ..',
  ]

  test.each(headers)('the header %j is refused', async (header) => {
    expect(await world.accounts.authenticate(header)).toMatchObject({ refused: 'unauthorized' })
  })

  test('a token of monstrous length is refused unread', async () => {
    expect(await authenticate(signed({ jti: 'x'.repeat(20_000) }))).toMatchObject(refused(/longer/))
  })

  test.each([
    { iss: undefined },
    { iss: 7 },
    { iss: '' },
    { iss: 'a\0b' },
    { iss: 'x'.repeat(256) },
    { sub: undefined },
    { sub: { id: 'ada' } },
    { sub: 'ada\0' },
    { sub: '\ud800' },
    { device_id: 'a\nb' },
    { device_id: 7 },
    { device_id: 'x'.repeat(256) },
    { device_name: '\u202egnp.exe' },
    { jti: ['a'] },
  ])('claims such as %j are refused', async (extra) => {
    expect(await authenticate(signed(extra))).toMatchObject({ refused: 'unauthorized' })
  })
})
