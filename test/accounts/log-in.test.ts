import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser, createSite, hiddenFields, type Site, serve } from './browser.ts'
import { createWorld, password } from './world.ts'

let site: Site
beforeAll(async () => {
  site = await createSite()
  await site.addUser('ada')
})
afterAll(() => site.close())

const browser = () => createBrowser(site.url)
const home = async (who: ReturnType<typeof createBrowser>) => (await who.go('/')).html

describe('log-in', () => {
  test('shows a form with labels, then leads home, where one’s name stands', async () => {
    const ada = browser()
    const page = await ada.go('/users/log_in')
    expect(page.status).toBe(200)
    for (const field of ['username', 'password']) {
      expect(page.html).toContain(`<label for="${field}">`)
      expect(page.html).toMatch(new RegExp(`<input id="${field}" name="${field}"`))
    }
    const answer = await ada.submit(page, '/users/log_in', { username: ' ADA ', password })
    expect(answer).toMatchObject({ status: 303, location: '/' })
    expect(await home(ada)).toContain('<strong>ada</strong>')
    expect(await ada.go('/users/log_in?return_to=/apps')).toMatchObject({ status: 303, location: '/apps' })
  })

  test('sets a cookie that no script reads and no other site’s form sends', async () => {
    const answer = await browser().logIn('ada')
    const cookie = answer.headers.getSetCookie().find((text) => text.startsWith('balados_session='))
    expect(cookie).toMatch(/^balados_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000$/)
  })

  test('sets cookies for https only when the instance is reached by https', async () => {
    const world = await createWorld('https://balados.example')
    const server = await serve(world.accounts)
    const answer = await fetch(`${server.url}/users/log_in`)
    expect(answer.headers.getSetCookie()[0]).toMatch(/^balados_csrf=.*; Secure/)
    await server.close()
    await world.close()
  })

  test('says the same of a wrong name and a wrong password, keeps the name, and ties the error to the fields', async () => {
    const ada = browser()
    const page = await ada.go('/users/log_in')
    const wrongPassword = await ada.submit(page, '/users/log_in', { username: 'ada', password: 'wrong password' })
    const wrongName = await ada.submit(page, '/users/log_in', { username: '"><script>', password })
    for (const answer of [wrongPassword, wrongName]) {
      expect(answer.status).toBe(401)
      expect(answer.html).toContain('The user name or the password is wrong.')
      expect(answer.html).toMatch(/name="password"[^>]*aria-invalid="true" aria-describedby="log-in-error"/)
      expect(answer.html).toContain('id="log-in-error" role="alert"')
    }
    expect(wrongPassword.html).toContain('name="username" value="ada"')
    expect(wrongName.html).toContain('value="&quot;&gt;&lt;script&gt;"')
    expect(ada.jar.has('balados_session')).toBe(false)
  })

  test('lets nobody in without fields, with odd fields, or while suspended', async () => {
    const ada = browser()
    const page = await ada.go('/users/log_in')
    expect((await ada.submit(page, '/users/log_in', {})).status).toBe(401)
    expect((await ada.submit(page, '/users/log_in', { 'username[a]': 'ada', password })).status).toBe(401)
    const id = await site.addUser('suspended')
    await site.system.pool.query('update system.users set suspended_at = now() where id = $1', [id])
    const answer = await ada.submit(page, '/users/log_in', { username: 'suspended', password })
    expect(answer.status).toBe(403)
    expect(answer.html).toContain('suspended')
  })

  test('leads back to a page of this site, never to another', async () => {
    expect((await browser().logIn('ada', '/apps?x=1')).location).toBe('/apps?x=1')
    expect((await browser().logIn('ada', 'https://evil.example/')).location).toBe('/')
    expect((await browser().logIn('ada', '//evil.example/')).location).toBe('/')
  })

  test('speaks French to those who ask for it', async () => {
    const page = await browser().go('/users/log_in', { headers: { 'accept-language': 'fr-CA,fr;q=0.9,en;q=0.5' } })
    expect(page.html).toContain('<html lang="fr">')
    expect(page.html).toContain('Mot de passe')
  })
})

describe('sessions', () => {
  test('end with log-out, also for a copy of the cookie', async () => {
    const ada = browser()
    await ada.logIn('ada')
    const thief = browser()
    for (const [name, value] of ada.jar) thief.jar.set(name, value)
    expect(await home(thief)).toContain('<strong>ada</strong>')
    const answer = await ada.submit(await ada.go('/'), '/users/log_out', {})
    expect(answer).toMatchObject({ status: 303, location: '/' })
    expect(ada.jar.has('balados_session')).toBe(false)
    expect(await home(thief)).not.toContain('<strong>ada</strong>')
  })

  test('are stored as a hash of the cookie, which the cookie can’t be made from', async () => {
    const ada = browser()
    await ada.logIn('ada')
    const stored = await site.system.pool.query('select token from system.sessions')
    expect(stored.rows.map((row: { token: string }) => row.token)).not.toContain(ada.jar.get('balados_session'))
    const thief = browser()
    thief.jar.set('balados_session', stored.rows[0].token)
    expect(await home(thief)).not.toContain('<strong>ada</strong>')
  })

  test('live 30 days after they were last used, and ended ones are purged', async () => {
    const ada = browser()
    await ada.logIn('ada')
    site.pass(29 * 86_400)
    const again = await ada.go('/')
    expect(again.html).toContain('<strong>ada</strong>')
    expect(again.headers.getSetCookie().join()).toContain('Max-Age=2592000')
    site.pass(29 * 86_400)
    expect(await home(ada)).toContain('<strong>ada</strong>')
    expect(await site.accounts.purgeExpired()).toBeGreaterThan(0)
    site.pass(30 * 86_400)
    expect(await home(ada)).not.toContain('<strong>ada</strong>')
    expect(await site.accounts.purgeExpired()).toBe(1)
    expect(await site.accounts.purgeExpired()).toBe(0)
  })

  test('end when the user is suspended or gets a new password', async () => {
    const id = await site.addUser('grace')
    const grace = browser()
    await grace.logIn('grace')
    await site.system.pool.query('update system.users set suspended_at = now() where id = $1', [id])
    expect(await home(grace)).not.toContain('<strong>grace</strong>')
    await site.system.pool.query('update system.users set suspended_at = null where id = $1', [id])
    expect(await home(grace)).toContain('<strong>grace</strong>')
    await site.accounts.setPassword('grace', 'another password')
    expect(await home(grace)).not.toContain('<strong>grace</strong>')
  })
})

describe('forms', () => {
  const attempt = async (fields: Record<string, string>, headers: Record<string, string> = {}, keepCookie = true) => {
    const ada = browser()
    const page = await ada.go('/users/log_in')
    if (!keepCookie) ada.jar.clear()
    const { csrf_token = '' } = hiddenFields(page, '/users/log_in')
    return ada.post('/users/log_in', { username: 'ada', password, csrf_token, ...fields }, headers)
  }

  test.each([
    ['without a token', () => attempt({ csrf_token: '' })],
    ['with a wrong token', () => attempt({ csrf_token: 'x'.repeat(43) })],
    ['without the cookie', () => attempt({}, {}, false)],
    ['from another site', () => attempt({}, { origin: 'https://evil.example' })],
    ['from a site whose name begins alike', () => attempt({}, { origin: `${site.url}.evil.example` })],
    ['from a page that hides where it is', () => attempt({}, { origin: 'null' })],
    ['that the browser calls cross-site', () => attempt({}, { 'sec-fetch-site': 'cross-site' })],
    ['that the browser calls same-site, from a neighbour', () => attempt({}, { 'sec-fetch-site': 'same-site' })],
    ['hidden and cross-site', () => attempt({}, { origin: 'null', 'sec-fetch-site': 'cross-site' })],
  ])('%s are refused', async (_, send) => {
    const answer = await send()
    expect(answer.status).toBe(403)
    expect(answer.html).toContain('came from another site')
    expect(answer.headers.getSetCookie().join()).not.toContain('balados_session')
  })

  test.each([
    ['with this site’s origin', () => attempt({})],
    ['without an origin', () => attempt({}, { origin: '' })],
    [
      'with a hidden origin that the browser calls same-origin',
      () => attempt({}, { origin: 'null', 'sec-fetch-site': 'same-origin' }),
    ],
    ['with the address the request itself went to', () => attempt({}, { origin: site.url.replace('http:', 'https:') })],
  ])('%s pass', async (_, send) => {
    expect((await send()).status).toBe(303)
  })

  test('of one browser are no use in another', async () => {
    const page = await browser().go('/users/log_in')
    const other = browser()
    await other.go('/users/log_in')
    expect((await other.submit(page, '/users/log_in', { username: 'ada', password })).status).toBe(403)
  })

  test('from before a log-in are out of date after it', async () => {
    const ada = browser()
    const page = await ada.go('/users/log_in')
    await ada.submit(page, '/users/log_in', { username: 'ada', password })
    expect((await ada.submit(page, '/users/log_in', { username: 'ada', password })).status).toBe(403)
  })

  test('that are packed are refused unread', async () => {
    expect((await browser().post('/users/log_in', {}, { 'content-encoding': 'gzip' })).status).toBe(415)
  })

  test('to log somebody out must be ours too', async () => {
    const ada = browser()
    await ada.logIn('ada')
    expect((await ada.post('/users/log_out', {})).status).toBe(403)
    expect(await home(ada)).toContain('<strong>ada</strong>')
  })
})

test('a page is shown in nobody’s frame, kept in nobody’s cache, runs no script, and does not hide its forms’ origin', async () => {
  const { headers } = await browser().go('/users/log_in')
  expect(headers.get('content-security-policy')).toBe(
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
  )
  expect(headers.get('x-frame-options')).toBe('DENY')
  expect(headers.get('referrer-policy')).toBe('same-origin')
  expect(headers.get('cache-control')).toBe('no-store')
})
