import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { browserIn } from '../../src/accounts/user-agents.ts'
import { createBrowser, createSite, type Site } from './browser.ts'
import { password } from './world.ts'

let site: Site
beforeAll(async () => {
  site = await createSite({ throttled: true })
})
afterAll(() => site.close())
beforeEach(() => site.system.pool.query('delete from system.rate_limits'))

const account = '/settings/account'
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0'
const safari =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'

async function loggedIn(username: string, userAgent = firefox) {
  const browser = createBrowser(site.url, { 'user-agent': userAgent })
  expect((await browser.logIn(username)).status).toBe(303)
  return browser
}

const isIn = async (browser: ReturnType<typeof createBrowser>) =>
  (await browser.go('/')).html.includes('/users/log_out')

describe('one’s own account', () => {
  test('is shown to whoever is logged in, and to nobody else', async () => {
    const stranger = createBrowser(site.url)
    expect((await stranger.go(account)).location).toBe('/users/log_in?return_to=%2Fsettings%2Faccount')
    for (const action of ['password', 'two-steps', 'two-steps/off', 'sessions/end', 'sessions/end-others'])
      expect((await stranger.post(`${account}/${action}`, {})).status).toBe(403)
  })

  test('changes the password for somebody who knows the old one, and logs out all other browsers', async () => {
    await site.addUser('ada')
    const [here, there] = [await loggedIn('ada'), await loggedIn('ada', safari)]
    const page = await here.go(account)
    const action = `${account}/password`
    const attempt = (current_password: string, new_password: string) =>
      here.submit(page, action, { current_password, new_password })

    const wrong = await attempt('not the password', 'another password')
    expect(wrong.status).toBe(422)
    expect(wrong.html).toMatch(/name="current_password"[^>]*aria-invalid="true" aria-describedby="password-error"/)
    expect((await attempt(password, 'short')).html).toContain('must have 8 to 1,024 characters')
    expect(await isIn(there)).toBe(true)

    expect(await attempt(password, 'another password')).toMatchObject({ status: 303, location: `${account}?password` })
    expect((await here.go(`${account}?password`)).html).toContain('The password was changed.')
    expect(await isIn(there)).toBe(false)
    expect((await createBrowser(site.url).logIn('ada')).status).toBe(401)
    expect((await createBrowser(site.url).logIn('ada', '/', 'another password')).status).toBe(303)
  })

  test('keeps the browser known in which the password was changed', async () => {
    await site.addUser('grace')
    const here = await loggedIn('grace')
    await here.submit(await here.go(account), `${account}/password`, {
      current_password: password,
      new_password: 'another password',
    })
    await here.submit(await here.go('/'), '/users/log_out', {})
    const attacker = createBrowser(site.url)
    for (let n = 0; n < 11; n++) await attacker.logIn('grace', '/', 'a guess')
    expect((await createBrowser(site.url).logIn('grace', '/', 'another password')).status).toBe(429)
    expect((await here.logIn('grace', '/', 'another password')).status).toBe(303)
  })

  test('is no place to guess the password for whoever holds a session', async () => {
    await site.addUser('eve')
    const [thief, owner] = [await loggedIn('eve'), await loggedIn('eve')]
    const page = await thief.go(account)
    const guess = (current_password: string) =>
      thief.submit(page, `${account}/password`, { current_password, new_password: 'another password' })
    for (let n = 0; n < 10; n++) expect((await guess('a wrong one')).status).toBe(422)
    const slowed = await guess(password)
    expect(slowed.status).toBe(429)
    expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThan(0)
    await owner.submit(await owner.go('/'), '/users/log_out', {})
    expect((await owner.logIn('eve')).status).toBe(303)
  })
})

describe('the browsers that are logged in', () => {
  test('are listed in words, with the present one marked, and without what opens them', async () => {
    const id = await site.addUser('linus')
    const here = await loggedIn('linus')
    await loggedIn('linus', safari)
    await loggedIn('linus', '<script>alert(1)</script>')
    const { html } = await here.go(account)
    expect(html).toMatch(/Firefox on Linux <strong>\(this one\)<\/strong>/)
    expect(html).toContain('Safari on iPhone')
    expect(html).toContain('A browser that does not say its name')
    expect(html).not.toContain('<script>')
    const { rows } = await site.system.pool.query('select token from system.sessions where user_id = $1', [id])
    expect(rows).toHaveLength(3)
    for (const { token } of rows as { token: string }[]) expect(html).not.toContain(token)
  })

  test('are logged out one by one, at once', async () => {
    await site.addUser('barbara')
    const [here, there] = [await loggedIn('barbara'), await loggedIn('barbara', safari)]
    const page = await here.go(account)
    const answer = await here.submit(page, `${account}/sessions/end`, {})
    expect(answer.location).toBe(`${account}?ended`)
    expect([await isIn(here), await isIn(there)]).toEqual([true, false])
    expect((await here.go(account)).html).not.toContain('Safari')
  })

  test('are logged out all but this one', async () => {
    await site.addUser('alan')
    const here = await loggedIn('alan')
    const others = [await loggedIn('alan', safari), await loggedIn('alan')]
    await here.submit(await here.go(account), `${account}/sessions/end-others`, {})
    expect(await Promise.all([here, ...others].map(isIn))).toEqual([true, false, false])
  })

  test('of other people are out of reach', async () => {
    const [ada, bob] = [await site.addUser('adele'), await site.addUser('bob')]
    const [adas, bobs] = [await loggedIn('adele'), await loggedIn('bob')]
    await loggedIn('bob')
    await loggedIn('adele')
    const { rows } = await site.system.pool.query('select id from system.sessions where user_id = $1', [ada])
    expect(bob).not.toBe(ada)
    const page = await bobs.go(account)
    for (const session of [...rows.map((row: { id: string }) => row.id), 'nonsense', ''])
      expect((await bobs.submit(page, `${account}/sessions/end`, { session })).location).toBe(account)
    await bobs.submit(page, `${account}/sessions/end-others`, {})
    expect(await isIn(adas)).toBe(true)
    const left = await site.system.pool.query('select 1 from system.sessions where user_id = $1', [ada])
    expect(left.rows).toHaveLength(2)
  })
})

test.each([
  [firefox, 'Firefox', 'Linux'],
  [safari, 'Safari', 'iPhone'],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
    'Edge',
    'Windows',
  ],
  [
    'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
    'Chrome',
    'Android',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
    'Safari',
    'macOS',
  ],
  ['curl/8.5.0', null, null],
  [null, null, null],
])('the browser that calls itself %s is %s on %s', (userAgent, browser, system) => {
  expect(browserIn(userAgent)).toEqual({ browser, system })
})

describe('somebody who is suspended', () => {
  test('is logged out, told so at log-in, and back when that is over', async () => {
    const id = await site.addUser('mallory')
    const browser = await loggedIn('mallory')
    expect(await site.accounts.suspend('mallory')).toEqual({ id, sessions: 1 })
    expect(await isIn(browser)).toBe(false)
    const answer = await browser.logIn('mallory')
    expect(answer.status).toBe(403)
    expect(answer.html).toContain('This account is suspended.')
    expect(await site.accounts.unsuspend('mallory')).toEqual({ id })
    expect(await isIn(browser)).toBe(false)
    expect((await browser.logIn('mallory')).status).toBe(303)
    expect(await site.accounts.suspend('nobody_here')).toMatchObject({ refused: 'not_found' })
  })
})
