import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createBrowser, createSite, hiddenFields, type Shown, type Site, serve } from './browser.ts'
import { createWorld, password } from './world.ts'

let site: Site
beforeAll(async () => {
  site = await createSite({ throttled: true })
})
afterAll(() => site.close())
beforeEach(() => site.system.pool.query('delete from system.rate_limits'))

type Browser = ReturnType<typeof createBrowser>
const setUp = '/settings/account/two-steps'
const secondStep = '/users/log_in/code'

/** What an authenticator app would show `seconds` from now, by the library that made the secret only in its arithmetic. */
const codeOf = (secret: string, seconds = 0) =>
  TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: site.now() + seconds * 1000 })

const secretOn = (page: Shown) => (page.html.match(/<code>([A-Z2-7 ]+)<\/code>/)?.[1] ?? '').replaceAll(' ', '')

/** A person who has switched on log-in in two steps; time goes on, so that the code they did it with is past. */
async function twoSteps(username: string) {
  const id = await site.addUser(username)
  const browser = createBrowser(site.url)
  await browser.logIn(username)
  const page = await browser.go(setUp)
  const secret = secretOn(page)
  const done = await browser.submit(page, setUp, { code: codeOf(secret), password })
  expect(done.status).toBe(200)
  const codes = [...done.html.matchAll(/<li><code>([a-z2-9]{5}-[a-z2-9]{5})<\/code><\/li>/g)].map(
    ([, code = '']) => code,
  )
  site.pass(90)
  return { id, username, browser, secret, codes }
}

/** Types the code of the second step. */
const typeCode = async (browser: Browser, code: string) =>
  browser.submit(await browser.go(secondStep), secondStep, { code })

const home = async (browser: Browser) => (await browser.go('/')).html

describe('log-in in two steps', () => {
  test('is set up with a picture, a secret and a link, a code of the app and the password', async () => {
    await site.addUser('ada')
    const ada = createBrowser(site.url)
    await ada.logIn('ada')
    expect((await ada.go('/settings/account')).html).toContain(`href="${setUp}"`)
    const page = await ada.go(setUp)
    const secret = secretOn(page)
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(page.html).toMatch(
      /<svg xmlns="http:\/\/www.w3.org\/2000\/svg"[^>]*><rect[^>]*\/><path fill="black" d="[^"<]+"\/><\/svg>/,
    )
    const uri = `otpauth://totp/localhost:ada?issuer=localhost&amp;secret=${secret}&amp;algorithm=SHA1&amp;digits=6&amp;period=30`
    expect(page.html).toContain(`href="${uri}"`)

    const wrongCode = await ada.submit(page, setUp, { code: '000000', password })
    expect(wrongCode.status).toBe(422)
    expect(secretOn(wrongCode)).toBe(secret)
    const wrongPassword = await ada.submit(wrongCode, setUp, { code: codeOf(secret), password: 'not the password' })
    expect(wrongPassword.status).toBe(422)
    expect(wrongPassword.html).toContain('The password is wrong.')
    expect(await home(createBrowser(site.url))).toContain('Log in')

    const done = await ada.submit(wrongPassword, setUp, { code: codeOf(secret), password })
    expect(done.html.match(/<li><code>[a-z2-9]{5}-[a-z2-9]{5}<\/code><\/li>/g)).toHaveLength(10)
    const account = await ada.go('/settings/account')
    expect(account.html).toContain('Recovery codes that are left: 10')
    expect(await ada.go(setUp)).toMatchObject({ status: 303, location: '/settings/account' })
    // Nobody replaces the authenticator with the form of before.
    expect(await ada.submit(page, setUp, { code: codeOf(secret, 30), password })).toMatchObject({ status: 303 })
  })

  test('asks for a code after the password, and lets nobody in without it', async () => {
    const { username, secret } = await twoSteps('grace')
    const browser = createBrowser(site.url)
    const first = await browser.logIn(username, '/apps')
    expect(first).toMatchObject({ status: 303, location: secondStep })
    expect(browser.jar.has('balados_session')).toBe(false)
    expect([...browser.jar.keys()].some((name) => name.startsWith('balados_known'))).toBe(false)
    expect(await home(browser)).not.toContain('<strong>grace</strong>')
    const wrong = await typeCode(browser, '123')
    expect(wrong.status).toBe(401)
    expect(wrong.html).toContain('id="log-in-error" role="alert"')
    expect(await typeCode(browser, codeOf(secret))).toMatchObject({ status: 303, location: '/apps' })
    expect(await home(browser)).toContain('<strong>grace</strong>')
    expect(browser.jar.has('balados_second_step')).toBe(false)
  })

  test('takes each code once, and none that is older than one it took', async () => {
    const { username, secret, browser: known } = await twoSteps('linus')
    const code = codeOf(secret)
    const older = codeOf(secret, -30)
    const browsers = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const browser = createBrowser(site.url)
        await browser.logIn(username)
        return browser
      }),
    )
    const answers = await Promise.all(browsers.map((browser) => typeCode(browser, code)))
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 401, 401, 401, 401])
    const late = browsers[answers.findIndex(({ status }) => status === 401)] as Browser
    expect((await typeCode(late, code)).status).toBe(401)
    expect((await typeCode(late, older)).status).toBe(401)
    site.pass(30)
    expect((await typeCode(late, codeOf(secret))).status).toBe(303)
    expect(await home(known)).toContain('<strong>linus</strong>')
  })

  test('forgives clocks half a minute of difference, no more', async () => {
    const { username, secret } = await twoSteps('edsger')
    for (const [seconds, status] of [
      [-60, 401],
      [60, 401],
      [-30, 303],
      [30, 303],
    ] as const) {
      const browser = createBrowser(site.url)
      await browser.logIn(username)
      expect((await typeCode(browser, codeOf(secret, seconds))).status).toBe(status)
    }
  })

  test('takes a recovery code once, however it is typed', async () => {
    const { username, codes, browser: known } = await twoSteps('barbara')
    const [first = '', second = ''] = codes
    for (const [code, status] of [
      [first, 303],
      [first, 401],
      [` ${second.toUpperCase().replace('-', ' ')}`, 303],
      ['aaaaa-aaaaa', 401],
    ] as const) {
      const browser = createBrowser(site.url)
      await browser.logIn(username)
      expect((await typeCode(browser, code)).status).toBe(status)
    }
    expect((await known.go('/settings/account')).html).toContain('Recovery codes that are left: 8')
  })

  test('slows down the guessing of codes, in strange browsers first', async () => {
    const { username, secret, browser: known } = await twoSteps('alan')
    const stranger = createBrowser(site.url)
    await stranger.logIn(username)
    const statuses = []
    for (let n = 0; n < 11; n++) statuses.push((await typeCode(stranger, '12345')).status)
    expect(statuses).toEqual([...Array(10).fill(401), 429])
    const slowed = await typeCode(stranger, codeOf(secret))
    expect(slowed.status).toBe(429)
    expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThan(0)
    await known.submit(await known.go('/'), '/users/log_out', {})
    await known.logIn(username)
    expect((await typeCode(known, codeOf(secret))).status).toBe(303)
  })

  test('begins again after five minutes, or when the password has changed meanwhile', async () => {
    const { username, secret } = await twoSteps('donald')
    const slow = createBrowser(site.url)
    await slow.logIn(username)
    const form = await slow.go(secondStep)
    site.pass(301)
    expect((await slow.submit(form, secondStep, { code: codeOf(secret) })).status).toBe(401)
    expect(await slow.go(secondStep)).toMatchObject({ status: 303, location: '/users/log_in' })

    const thief = createBrowser(site.url)
    await thief.logIn(username)
    const open = await thief.go(secondStep)
    await site.accounts.setPassword(username, 'another password')
    const stale = await thief.submit(open, secondStep, { code: codeOf(secret) })
    expect(stale.status).toBe(401)
    expect(stale.html).toContain('Begin again.')
    expect(thief.jar.has('balados_session')).toBe(false)
  })

  test('is of no use to somebody who makes up or exchanges what the browser keeps', async () => {
    const [ada, bob] = [await twoSteps('ken'), await twoSteps('dennis')]
    const browser = createBrowser(site.url)
    await browser.logIn(ada.username)
    expect((await typeCode(browser, codeOf(bob.secret))).status).toBe(401)
    const form = await browser.go(secondStep)
    browser.jar.set('balados_second_step', Buffer.from(JSON.stringify({ user: ada.id })).toString('base64url'))
    expect((await browser.submit(form, secondStep, { code: codeOf(ada.secret) })).status).toBe(401)
    expect(browser.jar.has('balados_session')).toBe(false)
  })

  test('is switched off with the password and a code', async () => {
    const { username, secret, browser } = await twoSteps('margaret')
    const off = `${setUp}/off`
    const account = await browser.go('/settings/account')
    const wrongPassword = await browser.submit(account, off, { password: 'not the password', code: codeOf(secret) })
    expect(wrongPassword.status).toBe(422)
    expect(wrongPassword.html).toContain('id="two-steps-error"')
    expect((await browser.submit(account, off, { password, code: '000000' })).status).toBe(422)
    expect((await browser.submit(account, off, { password, code: codeOf(secret) })).location).toMatch(/two-steps-off/)
    expect(await createBrowser(site.url).logIn(username)).toMatchObject({ status: 303, location: '/' })
    expect((await browser.go('/settings/account?two-steps-off')).html).toContain('Log-in in two steps is off.')
  })

  test('is switched off by whoever runs the server, for somebody who lost their phone', async () => {
    const { id, username } = await twoSteps('hedy')
    expect(await site.accounts.switchOffSecondFactor(id)).toBe(true)
    expect(await site.accounts.switchOffSecondFactor(id)).toBe(false)
    expect(await createBrowser(site.url).logIn(username)).toMatchObject({ status: 303, location: '/' })
    const { rows } = await site.system.pool.query('select 1 from system.recovery_codes where user_id = $1', [id])
    expect(rows).toEqual([])
  })

  test('stores the secret sealed and the recovery codes hashed', async () => {
    const { id, secret, codes } = await twoSteps('radia')
    const { rows } = await site.system.pool.query('select * from system.second_factors where user_id = $1', [id])
    const stored = await site.system.pool.query('select code from system.recovery_codes where user_id = $1', [id])
    const text = JSON.stringify([rows, stored.rows])
    expect(stored.rows).toHaveLength(10)
    for (const plain of [secret, ...codes, ...codes.map((code) => code.replace('-', ''))])
      expect(text).not.toContain(plain)
    // A row that was moved to another user does not open there.
    const other = await twoSteps('frances')
    await site.system.pool.query(
      'update system.second_factors set secret = (select secret from system.second_factors where user_id = $1) where user_id = $2',
      [id, other.id],
    )
    const browser = createBrowser(site.url)
    await browser.logIn(other.username)
    expect((await typeCode(browser, codeOf(secret))).status).toBe(401)
  })

  test('is explained in French to those who ask for it', async () => {
    await site.addUser('blaise')
    const browser = createBrowser(site.url, { 'accept-language': 'fr' })
    await browser.logIn('blaise')
    expect((await browser.go(setUp)).html).toContain('Scannez cette image')
    expect((await browser.go('/settings/account')).html).toContain('Navigateurs connectés')
  })
})

test('names and secrets of a site on https are told as they are', async () => {
  const world = await createWorld('https://pods.example:8443')
  const server = await serve(world.accounts)
  await world.addUser('ada_2')
  const browser = createBrowser(server.url, { origin: 'https://pods.example:8443' })
  await browser.logIn('ada_2')
  const page = await browser.go(setUp)
  expect(page.html).toContain('otpauth://totp/pods.example:ada_2?issuer=pods.example&amp;')
  expect(hiddenFields(page, setUp).enrolment).toMatch(/^[\w-]{60,}$/)
  await server.close()
  await world.close()
})
