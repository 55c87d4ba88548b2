import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fingerprint } from '../../src/accounts/keys.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { createBrowser, createSite, hiddenFields, type Site } from './browser.ts'
import { jws, type Keys, makeKeys } from './world.ts'

let site: Site
let ada: UserId
let browser: ReturnType<typeof createBrowser>
const keys = makeKeys()
beforeAll(async () => {
  site = await createSite()
  ada = await site.addUser('ada')
  browser = createBrowser(site.url)
  await browser.logIn('ada')
})
afterAll(() => site.close())

let apps = 0
const freshId = () => `org.example.app${++apps}`

function tokenOf(id: string, extra: object = {}, app: object = {}, { pem, privateKey }: Keys = keys): string {
  const claims = {
    iss: id,
    app: { name: 'Player', url: 'https://player.example/about', public_key: pem, ...app },
    scopes: ['user.plays'],
    iat: site.seconds(),
    exp: site.seconds() + 3600,
    ...extra,
  }
  return jws(claims, privateKey)
}

const consent = (token: string) => browser.go(`/authorize?${new URLSearchParams({ token })}`)
const decide = async (token: string, decision: string) =>
  browser.submit(await consent(token), '/authorize', { token, decision })
const call = (id: string, { privateKey }: Keys = keys, sub = 'ada') =>
  site.accounts.authenticate(
    `Bearer ${jws({ iss: id, sub, iat: site.seconds(), exp: site.seconds() + 60 }, privateKey)}`,
  )

describe('the consent page', () => {
  test('asks to log in first, and comes back', async () => {
    const stranger = createBrowser(site.url)
    const path = `/authorize?${new URLSearchParams({ token: tokenOf(freshId()) })}`
    const away = await stranger.go(path)
    expect(away.status).toBe(303)
    const logIn = await stranger.go(away.location ?? '')
    expect(logIn.html).toContain('Log in to decide')
    const back = await stranger.submit(logIn, '/users/log_in', { username: 'ada', password: 'correct horse battery' })
    expect(back).toMatchObject({ status: 303, location: path })
    expect((await stranger.go(path)).status).toBe(200)
  })

  test('shows name, site, key and each scope in words, and says who is logged in', async () => {
    const id = freshId()
    const { status, html } = await consent(tokenOf(id, { scopes: ['user.plays.read', 'user.subscriptions'] }))
    expect(status).toBe(200)
    expect(html).toContain('<bdi class="data">Player</bdi>')
    expect(html).toContain('<bdi class="data">https://player.example/about</bdi>')
    expect(html).toContain(id)
    expect(html).toContain(fingerprint(keys.pem))
    expect(html).toContain('See what you listened to, and where you stopped')
    expect(html).toContain('Read and change your subscriptions')
    expect(html).toContain('<strong>ada</strong>')
    expect(html).not.toContain('far-reaching')
  })

  test('warns of far-reaching scopes', async () => {
    const { html } = await consent(tokenOf(freshId(), { scopes: ['*'] }))
    expect(html).toContain('far-reaching')
    expect(html).toContain('more than most apps need')
  })

  test('shows what the app says of itself as data, and no image of its choosing', async () => {
    const app = { name: '<script>alert(1)</script>', image: 'https://player.example/icon.png' }
    const { html } = await consent(tokenOf(freshId(), {}, app))
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(html).not.toContain('<script')
    expect(html).not.toContain('<img')
    expect(html).not.toContain('icon.png')
  })

  test('lets its form lead to the app’s own address and nowhere else', async () => {
    const policy = async (redirect_uri?: string) =>
      (await consent(tokenOf(freshId(), { redirect_uri }))).headers.get('content-security-policy')?.split('; ').at(-1)
    expect(await policy()).toBe("form-action 'self'")
    expect(await policy('https://player.example/done')).toBe("form-action 'self' https://player.example")
    expect(await policy('player://done')).toBe("form-action 'self' player:")
  })

  test('warns when an app of the same id signs with another key', async () => {
    const id = freshId()
    await decide(tokenOf(id), 'allow')
    expect((await consent(tokenOf(id))).html).toContain('allowed an app of this id before')
    const impostor = makeKeys()
    expect((await consent(tokenOf(id, {}, {}, impostor))).html).toContain('impostor')
  })

  test.each([
    ['no token', () => '', /signed JSON Web Token/],
    ['a token that expired', () => tokenOf(freshId(), { exp: site.seconds() - 61 }), /expired/],
    ['an unknown scope', () => tokenOf(freshId(), { scopes: ['user.everything'] }), /user\.everything/],
    ['a hostile redirect', () => tokenOf(freshId(), { redirect_uri: 'javascript:alert(1)' }), /javascript/],
    ['another key than it is signed with', () => tokenOf(freshId(), {}, { public_key: makeKeys().pem }), /signature/],
  ])('tells the developer what is wrong with %s', async (_, token, sentence) => {
    const page = await consent(token())
    expect(page.status).toBe(400)
    expect(page.html).toMatch(sentence)
    expect(page.html).not.toContain('action="/authorize"')
  })

  test('offers administration to admins only', async () => {
    const token = tokenOf(freshId(), { scopes: ['admin.read'] })
    expect((await consent(token)).status).toBe(403)
    await site.addUser('root_1', { admin: true })
    const root = createBrowser(site.url)
    await root.logIn('root_1')
    expect((await root.go(`/authorize?${new URLSearchParams({ token })}`)).status).toBe(200)
  })
})

describe('the decision', () => {
  test('to allow lets the app speak for the user, and shows the id to copy', async () => {
    const id = freshId()
    expect(await call(id)).toMatchObject({ refused: 'unauthorized' })
    const page = await decide(tokenOf(id), 'allow')
    expect(page.status).toBe(200)
    expect(page.html).toContain(`value="${ada}" readonly`)
    expect(await call(id)).toMatchObject({ user: ada, scopes: ['user.plays'] })
  })

  test('to deny changes nothing, and says so', async () => {
    const id = freshId()
    const page = await decide(tokenOf(id), 'deny')
    expect(page.status).toBe(200)
    expect(page.html).toContain('denied')
    expect(await call(id)).toMatchObject({ refused: 'unauthorized' })
  })

  test('leads back to the app with what it needs to begin', async () => {
    const token = tokenOf(freshId(), { redirect_uri: 'https://player.example/done?a=b', state: 'x&y=z' })
    const { status, location } = await decide(token, 'allow')
    expect(status).toBe(303)
    const url = new URL(location ?? '')
    expect(url.origin + url.pathname).toBe('https://player.example/done')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      a: 'b',
      state: 'x&y=z',
      user_id: ada,
      username: 'ada',
      instance: site.url,
    })
  })

  test('to deny leads back with an error, to an app’s own scheme too', async () => {
    const token = tokenOf(freshId(), { redirect_uri: 'player://done', state: 's1' })
    expect((await decide(token, 'deny')).location).toBe('player://done?error=access_denied&state=s1')
    const quiet = tokenOf(freshId(), { redirect_uri: 'player:/done' })
    expect((await decide(quiet, 'deny')).location).toBe('player:/done?error=access_denied')
  })

  test('to allow again replaces scopes and key', async () => {
    const id = freshId()
    const fresh = makeKeys()
    await decide(tokenOf(id), 'allow')
    await decide(tokenOf(id, { scopes: ['user.sync'] }, {}, fresh), 'allow')
    expect(await call(id)).toMatchObject({ refused: 'unauthorized' })
    expect(await call(id, fresh)).toMatchObject({ scopes: ['user.sync'] })
  })

  test('must be made in our own form, by somebody logged in', async () => {
    const id = freshId()
    const token = tokenOf(id)
    const fields = { ...hiddenFields(await consent(token), '/authorize'), token, decision: 'allow' }
    expect((await browser.post('/authorize', { ...fields, csrf_token: 'x' })).status).toBe(403)
    expect((await browser.post('/authorize', fields, { origin: 'https://evil.example' })).status).toBe(403)
    const stranger = createBrowser(site.url)
    const page = await stranger.go('/users/log_in')
    const answer = await stranger.submit(page, '/users/log_in', {}, {})
    expect(answer.status).toBe(401)
    const { csrf_token = '' } = hiddenFields(page, '/users/log_in')
    const away = await stranger.post('/authorize', { token, decision: 'allow', csrf_token })
    expect(away.status).toBe(303)
    expect(away.location).toMatch(/^\/users\/log_in\?return_to=%2Fauthorize%3Ftoken%3D/)
    expect(await call(id)).toMatchObject({ refused: 'unauthorized' })
  })

  test('is checked like the page: a bad token, or no decision, allows nothing', async () => {
    const id = freshId()
    const token = tokenOf(id)
    const fields = hiddenFields(await consent(token), '/authorize')
    expect((await browser.post('/authorize', { ...fields, token: `${token}x`, decision: 'allow' })).status).toBe(400)
    expect((await browser.post('/authorize', { ...fields, decision: 'perhaps' })).html).toContain('action="/authorize"')
    site.pass(2 * 3600)
    expect((await browser.post('/authorize', { ...fields, decision: 'allow' })).status).toBe(400)
    expect(await call(id)).toMatchObject({ refused: 'unauthorized' })
    const admin = tokenOf(id, { scopes: ['admin.write'] })
    expect((await browser.post('/authorize', { ...fields, token: admin, decision: 'allow' })).status).toBe(403)
  })
})

describe('the list of apps', () => {
  test('shows what each may do and when it last did, and revokes it', async () => {
    const id = freshId()
    const token = tokenOf(id, { scopes: ['user.playlists.read'] }, { name: 'Listed & <b>known</b>' })
    await decide(token, 'allow')
    expect((await browser.go('/apps')).html).toContain('never')
    await call(id)
    await site.accounts.stop()
    const page = await browser.go('/apps')
    expect(page.html).toContain('Listed &amp; &lt;b&gt;known&lt;/b&gt;')
    expect(page.html).toContain('See your playlists and your queue')
    expect(page.html).toContain(`<time datetime="${new Date(site.now()).toISOString()}">`)

    const { csrf_token = '' } = hiddenFields(page, '/apps/revoke')
    expect((await browser.post('/apps/revoke', { app_id: id })).status).toBe(403)
    expect(await call(id)).toMatchObject({ user: ada })
    const answer = await browser.post('/apps/revoke', { app_id: id, csrf_token })
    expect(answer).toMatchObject({ status: 303, location: '/apps?revoked' })
    expect((await browser.go('/apps?revoked')).html).toContain('access was revoked')
    expect((await browser.go('/apps')).html).not.toContain('Listed')
    expect(await call(id)).toMatchObject({ refused: 'unauthorized' })

    await decide(token, 'allow')
    expect(await call(id)).toMatchObject({ scopes: ['user.playlists.read'] })
  })

  test('shows and revokes one’s own apps only', async () => {
    await site.addUser('grace')
    const grace = createBrowser(site.url)
    await grace.logIn('grace')
    const id = freshId()
    await decide(tokenOf(id), 'allow')
    const page = await grace.go('/apps')
    expect(page.html).toContain('not allowed any app yet')
    const { csrf_token = '' } = hiddenFields(page, '/users/log_out')
    for (const app_id of [id, 'nul\0', '']) {
      expect(await grace.post('/apps/revoke', { app_id, csrf_token })).toMatchObject({ status: 303, location: '/apps' })
    }
    expect(await call(id)).toMatchObject({ user: ada })
  })

  test('is for those who are logged in', async () => {
    expect(await createBrowser(site.url).go('/apps')).toMatchObject({
      status: 303,
      location: '/users/log_in?return_to=%2Fapps',
    })
  })
})
