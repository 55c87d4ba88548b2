import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { grantRefusal, readAuthorization } from '../../src/accounts/authorization.ts'
import { formActionFor, readReturnTo, withParameters } from '../../src/accounts/redirects.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import { jws, makeKeys, pemOf, publicUrl } from './world.ts'

const now = Date.parse('2026-11-22T12:00:00.000Z')
const seconds = now / 1000
const keys = makeKeys('rsa')
const app = { name: 'Player', url: 'https://player.example/', public_key: keys.pem }
const claims = { iss: 'org.example.player', app, scopes: ['user.sync'], iat: seconds, exp: seconds + 3600 }

const read = (token: string) => readAuthorization(token, { publicUrl, now })
const readSigned = (extra: object, key: KeyObject = keys.privateKey, alg = 'RS256') =>
  read(jws({ ...claims, ...extra }, key, alg))
const refusedFor = (sentence: RegExp) => ({ message: expect.stringMatching(sentence) })

describe('an authorization token', () => {
  test('tells who asks for what', async () => {
    const image = 'https://player.example/icon.png'
    const request = await readSigned({
      app: { ...app, image },
      scopes: ['user.sync', 'user.plays.read', 'user.sync'],
      redirect_uri: 'https://player.example/done?x=1',
      state: 'a b',
    })
    if (isRefusal(request)) throw new Error(request.message)
    expect(request).toMatchObject({
      appId: 'org.example.player',
      name: 'Player',
      url: 'https://player.example/',
      image,
      key: { pem: keys.pem.trim(), algorithms: ['RS256', 'PS256'] },
      scopes: ['user.sync', 'user.plays.read'],
      state: 'a b',
    })
    expect(request.redirect?.href).toBe('https://player.example/done?x=1')
  })

  test('needs neither iat, url, image, redirect_uri nor state', async () => {
    const request = await readSigned({
      iat: undefined,
      app: { name: 'Player', public_key: keys.pem, url: '', image: null },
    })
    expect(request).toMatchObject({ url: null, image: null, redirect: null, state: null })
  })

  test('may carry its key as a JWK, which is kept as PEM', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = { ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'one' }
    const request = await readSigned({ app: { ...app, public_key: jwk } }, privateKey, 'ES256')
    expect(request).toMatchObject({ key: { pem: pemOf(privateKey).trim(), algorithms: ['ES256'] } })
  })

  test('may be signed with Ed25519', async () => {
    const own = makeKeys('ed25519')
    const request = await readSigned({ app: { ...app, public_key: own.pem } }, own.privateKey, 'EdDSA')
    expect(request).toMatchObject({ key: { algorithms: ['EdDSA'] } })
  })

  test.each([
    ['without exp', { exp: undefined }, /"exp"/],
    ['that has expired', { exp: seconds - 60 }, /expired/],
    ['from the future', { iat: seconds + 61 }, /not valid yet/],
    ['for another server', { aud: 'https://other.example' }, /another server/],
    ['without an app id', { iss: undefined }, /"iss"/],
    ['with control characters in the app id', { iss: 'a\nb' }, /"iss"/],
    ['with an app id of 256 characters', { iss: 'x'.repeat(256) }, /"iss"/],
    ['without an app', { app: undefined }, /"app"/],
    ['without a name', { app: { ...app, name: undefined } }, /app\.name/],
    ['with a blank name', { app: { ...app, name: '   ' } }, /app\.name/],
    ['with a name that reorders the text around it', { app: { ...app, name: 'x\u202ey' } }, /app\.name/],
    ['with a name of 101 characters', { app: { ...app, name: 'x'.repeat(101) } }, /app\.name/],
    ['with a javascript URL', { app: { ...app, url: 'javascript:alert(1)' } }, /app\.url/],
    ['with a URL that looks like another', { app: { ...app, url: 'https://bank.example@evil.example/' } }, /app\.url/],
    ['with a data image', { app: { ...app, image: 'data:image/svg+xml,x' } }, /app\.image/],
    ['with an unknown scope', { scopes: ['user.sync', 'user.everything'] }, /"user\.everything"/],
    ['with an admin wildcard', { scopes: ['admin.*'] }, /"admin\.\*"/],
    ['with no scopes', { scopes: [] }, /scopes/],
    ['with scopes in one string', { scopes: 'user.sync' }, /scopes/],
    ['with scopes that are no strings', { scopes: [{}] }, /scopes/],
    ['with a state that is no string', { state: { a: 1 } }, /state/],
  ] as const)('%s is refused in words', async (_, extra, sentence) => {
    expect(await readSigned(extra)).toMatchObject(refusedFor(sentence))
  })

  test('signed by another key than the one it carries is refused', async () => {
    expect(await readSigned({}, makeKeys('rsa').privateKey)).toMatchObject(refusedFor(/signature/))
  })

  test('alg none and HMAC with the public key are refused', async () => {
    expect(await read(jws(claims, '', 'none'))).toMatchObject(refusedFor(/algorithm/))
    expect(await read(jws(claims, keys.pem, 'HS256'))).toMatchObject(refusedFor(/algorithm/))
  })

  test.each(['', 'x', 'a.b.c', `${'x'.repeat(20_000)}`])('that is no token is refused', async (text) => {
    expect(await read(text)).toMatchObject({ refused: 'unauthorized' })
  })

  test('asking for administration can be granted by an admin only', async () => {
    const request = await readSigned({ scopes: ['user', 'admin.read'] })
    if (isRefusal(request)) throw new Error(request.message)
    expect(grantRefusal(request, true)).toBeNull()
    expect(grantRefusal(request, false)).toMatchObject({ refused: 'forbidden', ...refusedFor(/admin\.read/) })
  })
})

describe('the key of an authorization token', () => {
  const withKey = (public_key: unknown, key: KeyObject = keys.privateKey, alg = 'RS256') =>
    readSigned({ app: { ...app, public_key } }, key, alg)

  test('is refused when it is the private one', async () => {
    const pem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' })
    const jwk = keys.privateKey.export({ format: 'jwk' })
    expect(await withKey(pem)).toMatchObject(refusedFor(/private key/))
    expect(await withKey(keys.privateKey.export({ type: 'pkcs1', format: 'pem' }))).toMatchObject(refusedFor(/private/))
    expect(await withKey(jwk)).toMatchObject(refusedFor(/private key/))
  })

  test.each([1024, 2047])('is refused when it is RSA of %d bits', async (modulusLength) => {
    const weak = generateKeyPairSync('rsa', { modulusLength })
    expect(await withKey(pemOf(weak.privateKey), weak.privateKey)).toMatchObject(refusedFor(/2048 bits/))
  })

  test('is refused when anybody can sign for it (exponent 1)', async () => {
    const { n } = keys.privateKey.export({ format: 'jwk' })
    expect(await withKey({ kty: 'RSA', n, e: 'AQ' })).toMatchObject(refusedFor(/exponent|read/))
  })

  test.each(['secp384r1', 'secp256k1'])('is refused on the curve %s', async (namedCurve) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve })
    expect(await withKey(publicKey.export({ type: 'spki', format: 'pem' }))).toMatchObject(refusedFor(/P-256/))
  })

  test('is refused when its type can’t sign this', async () => {
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
    const agreement = generateKeyPairSync('x25519')
    for (const { publicKey } of [pss, agreement])
      expect(await withKey(publicKey.export({ type: 'spki', format: 'pem' }))).toMatchObject(refusedFor(/RSA key/))
  })

  test('is refused when the token’s algorithm does not fit it', async () => {
    expect(await withKey(makeKeys('p256').pem)).toMatchObject(refusedFor(/does not fit.*ES256/))
  })

  test.each([
    undefined,
    null,
    7,
    [],
    {},
    '',
    'no key',
    { kty: 'oct', k: 'c2VjcmV0' },
    { kty: 'RSA', n: 'AQAB', e: 'AQAB', use: 'enc' },
    '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
    `${keys.pem}\n${keys.pem}`,
  ])('%j is none', async (value) => {
    expect(await withKey(value)).toMatchObject(refusedFor(/app\.public_key/))
  })
})

describe('where the browser may be sent after the decision', () => {
  test.each([
    ['https://player.example/done', 'https://player.example'],
    ['https://player.example:8443/done?a=b', 'https://player.example:8443'],
    ['http://localhost:8080/done', 'http://localhost:8080'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
    ['http://127.1/', 'http://127.0.0.1'],
    ['http://[::1]:8080/done', 'http:'],
    ['org.example.player:/done', 'org.example.player:'],
    ['player://done', 'player:'],
    ['player:done', 'player:'],
  ])('%s is a good place, and the form may lead there', async (redirect_uri, formAction) => {
    const request = await readSigned({ redirect_uri })
    if (isRefusal(request) || !request.redirect) throw new Error(JSON.stringify(request))
    expect(formActionFor(request.redirect)).toBe(formAction)
    const url = new URL(withParameters(request.redirect, { user_id: 'a&b', state: null }))
    expect(url.searchParams.get('user_id')).toBe('a&b')
    expect(url.searchParams.has('state')).toBe(false)
  })

  test.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'java\nscript:alert(1)',
    ' javascript:alert(1)',
    '\u0001javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'about:blank',
    'blob:https://player.example/1',
    'filesystem:https://player.example/1',
    'view-source:https://player.example',
    'intent://x#Intent;end',
    'ms-settings:x',
    'search-ms:x',
    'mailto:ada@example.org',
    'ftp://player.example/',
    'ws://player.example/',
    'http://player.example/done',
    'http://localhost.evil.example/',
    'http://127.0.0.1.evil.example/',
    'http://128.0.0.1/',
    'http://0.0.0.0/',
    'https://player.example@evil.example/',
    'https://player.example;sandbox/',
    'https://player.example/done#fragment',
    'https:\\\\evil.example',
    '//evil.example/done',
    '/done',
    'done',
    'https://',
    7,
    {},
    `https://player.example/${'x'.repeat(2_000)}`,
  ])('%j is refused', async (redirect_uri) => {
    expect(await readSigned({ redirect_uri })).toMatchObject(refusedFor(/redirect_uri/))
  })
})

describe('where the browser goes after log-in', () => {
  test.each(['/', '/apps', '/authorize?token=a.b.c&x=1', '/a#b'])('%s is of this site', (path) => {
    expect(readReturnTo(path)).toBe(path)
  })

  test.each([
    undefined,
    '',
    'apps',
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/.//evil.example',
    '/a/..//evil.example',
    'javascript:alert(1)',
  ])('%j leads elsewhere, so it becomes the home page', (path) => {
    expect(readReturnTo(path)).toBe('/')
  })
})
