import * as argon2 from '@node-rs/argon2'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { startServer, type TestServer } from '../support/instance.ts'
import { createBrowser, type Shown } from './browser.ts'

// Looked at, not replaced: how often a hash was really worked out is what a clock can't tell for sure.
vi.mock('@node-rs/argon2', { spy: true })

let server: TestServer
beforeAll(async () => {
  server = await startServer({ rateLimits: true, trustedProxies: 1 })
})
afterAll(() => server.close())
beforeEach(async () => {
  await server.fresh.stores.system.pool.query('delete from system.rate_limits')
  vi.mocked(argon2.verify).mockClear()
})

const checked = () => vi.mocked(argon2.verify).mock.calls.length
const browserAt = (address: string, url = server.url) => createBrowser(url, { 'x-forwarded-for': address })
type Browser = ReturnType<typeof createBrowser>
const guess = (browser: Browser, username: string) => browser.logIn(username, '/', 'a wrong password')

/** Guesses one after another, each from a browser of its own at an address of its own. */
async function guessFromEverywhere(username: string, times: number): Promise<number[]> {
  const statuses: number[] = []
  for (let n = 0; n < times; n++) statuses.push((await guess(browserAt(`198.51.100.${n}`), username)).status)
  return statuses
}

/** A browser that has logged in before, and out again. */
async function knownBrowser(username: string, address: string): Promise<Browser> {
  const browser = browserAt(address)
  expect((await browser.logIn(username)).status).toBe(303)
  await browser.submit(await browser.go('/'), '/users/log_out', {})
  return browser
}

describe('log-in', () => {
  test('lets one address guess ten passwords of an account, then none for a while, the right one included', async () => {
    const { username } = await server.addUser()
    const statuses = []
    for (let n = 0; n < 10; n++) statuses.push((await guess(browserAt('192.0.2.1'), username)).status)
    expect(statuses).toEqual(Array(10).fill(401))
    expect(checked()).toBe(10)

    const slowed = await browserAt('192.0.2.1').logIn(username)
    expect(slowed.status).toBe(429)
    expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThan(14 * 60)
    expect(slowed.html).toContain('There were too many failed attempts. Try again in 15 minutes.')
    expect(slowed.html).toContain(`value="${username}"`)
    expect(checked()).toBe(10)

    expect((await browserAt('192.0.2.2').logIn(username)).status).toBe(303)
    await server.fresh.stores.system.pool.query('update system.rate_limits set expire = 1')
    expect((await browserAt('192.0.2.1').logIn(username)).status).toBe(303)
  })

  test('says in French, too, that one must wait', async () => {
    const { username } = await server.addUser()
    const browser = createBrowser(server.url, { 'x-forwarded-for': '192.0.2.9', 'accept-language': 'fr' })
    for (let n = 0; n < 10; n++) await guess(browser, username)
    expect((await guess(browser, username)).html).toContain('Réessayez dans 15 minutes.')
  })

  test('checks no more of forty guesses at once than of those one after another', async () => {
    const { username } = await server.addUser()
    const browsers = Array.from({ length: 40 }, () => browserAt('192.0.2.3'))
    const forms = await Promise.all(browsers.map((browser) => browser.go('/users/log_in')))
    const answers = await Promise.all(
      browsers.map((browser, n) =>
        browser.submit(forms[n] as Shown, '/users/log_in', { username, password: `guess number ${n}` }),
      ),
    )
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(30)
    expect(checked()).toBe(10)
  })

  test('slows an attacker on many addresses, while the owner’s browser gets in at once, wherever it is', async () => {
    const { username } = await server.addUser()
    const owner = await knownBrowser(username, '203.0.113.1')
    const statuses = await guessFromEverywhere(username, 55)
    expect(statuses).toEqual([...Array(50).fill(401), ...Array(5).fill(429)])

    expect((await owner.logIn(username)).status).toBe(303)
    const travelling = createBrowser(server.url, { 'x-forwarded-for': '198.51.100.7' })
    for (const [name, value] of owner.jar) if (name.startsWith('balados_known')) travelling.jar.set(name, value)
    expect((await travelling.logIn(username)).status).toBe(303)
    expect((await browserAt('203.0.113.1').logIn(username)).status).toBe(429)
    expect((await browserAt('203.0.113.1').logIn((await server.addUser()).username)).status).toBe(303)
  })

  test('lets the owner in from the very address that an attacker uses', async () => {
    const { username } = await server.addUser()
    const owner = await knownBrowser(username, '192.0.2.4')
    for (let n = 0; n < 12; n++) await guess(browserAt('192.0.2.4'), username)
    expect((await owner.logIn(username)).status).toBe(303)
  })

  test('slows a known browser on its own count, which is no way into other accounts', async () => {
    const [ada, bob] = [await server.addUser(), await server.addUser()]
    const stolen = await knownBrowser(ada.username, '192.0.2.5')
    const [mark] = [...stolen.jar].filter(([name]) => name.startsWith('balados_known'))
    for (let n = 0; n < 10; n++) expect((await guess(stolen, ada.username)).status).toBe(401)
    expect((await guess(stolen, ada.username)).status).toBe(429)
    expect((await browserAt('192.0.2.5').logIn(ada.username)).status).toBe(303)

    const bobs = await knownBrowser(bob.username, '192.0.2.6')
    const [bobsMark] = [...bobs.jar].filter(([name]) => name.startsWith('balados_known'))
    const forger = browserAt('192.0.2.7')
    forger.jar.set(bobsMark?.[0] ?? '', mark?.[1] ?? '')
    for (let n = 0; n < 10; n++) await guess(browserAt('192.0.2.7'), bob.username)
    expect((await forger.logIn(bob.username)).status).toBe(429)
  })

  test('forgets which browsers it knows when the password changes', async () => {
    const { username } = await server.addUser()
    const owner = await knownBrowser(username, '192.0.2.8')
    await server.instance.accounts.setPassword(username, 'quite another password')
    await guessFromEverywhere(username, 51)
    expect((await owner.logIn(username, '/', 'quite another password')).status).toBe(429)
  })

  test('counts what one address tries on many accounts, and an IPv6 network as one address', async () => {
    const { username } = await server.addUser()
    const statuses: number[] = []
    for (let n = 0; n < 51; n++) statuses.push((await guess(browserAt(`2001:db8::${n}`), `nobody_${n}`)).status)
    expect(statuses).toEqual([...Array(50).fill(401), 429])
    expect((await browserAt('2001:db8::ffff').logIn(username)).status).toBe(429)
    expect((await browserAt('2001:db8:0:1::1').logIn(username)).status).toBe(303)
  })

  test('does not count those who get in', async () => {
    const { username } = await server.addUser()
    for (let n = 0; n < 12; n++) expect((await browserAt('192.0.2.10').logIn(username)).status).toBe(303)
    const { rows } = await server.fresh.stores.system.pool.query('select points from system.rate_limits')
    expect(rows.map((row: { points: number }) => row.points)).toEqual([0, 0])
  })

  test('keeps neither names nor addresses readable in its counts', async () => {
    const { username } = await server.addUser()
    await guess(browserAt('192.0.2.11'), username)
    const { rows } = await server.fresh.stores.system.pool.query('select key from system.rate_limits')
    expect(rows).toHaveLength(3)
    for (const { key } of rows as { key: string }[]) expect(key).toMatch(/^\d+\/\d+:[\w-]{43}$/)
  })

  test('tells nobody which names exist, neither by words nor headers nor limits nor work', async () => {
    const { username } = await server.addUser()
    const tried = [username, 'not_here_at_all', 'Not A Name!', 'admin', crypto.randomUUID()]
    const seen = tried.map((name, n) => ({ name, browser: browserAt(`192.0.2.${100 + n}`), ...nothingYet() }))
    // In turn, so that whatever else the machine does falls on all of them alike.
    for (let time = 0; time < 12; time++) {
      for (const one of seen) {
        const [from, before] = [performance.now(), checked()]
        one.answers.push(withoutChance(await guess(one.browser, one.name), one.name))
        one.times.push(performance.now() - from)
        one.hashes.push(checked() - before)
      }
    }
    for (const { name, times } of seen) {
      const median = times.slice(0, 10).sort((a, b) => a - b)[5] ?? 0
      console.info(`log-in with a wrong password as ${name}: median ${median.toFixed(1)} ms`)
    }
    for (const { answers, hashes } of seen) {
      expect(answers).toEqual(seen[0]?.answers)
      expect(hashes).toEqual([...Array(10).fill(1), 0, 0])
    }
    expect(seen[0]?.answers.map(({ status }) => status)).toEqual([...Array(10).fill(401), 429, 429])
  })

  test('shares its counts between processes', async () => {
    const { username } = await server.addUser()
    const second = await startServer({ rateLimits: true, trustedProxies: 1, beside: server })
    try {
      for (let n = 0; n < 5; n++) {
        expect((await guess(browserAt('192.0.2.12'), username)).status).toBe(401)
        expect((await guess(browserAt('192.0.2.12', second.url), username)).status).toBe(401)
      }
      expect((await browserAt('192.0.2.12').logIn(username)).status).toBe(429)
      expect((await browserAt('192.0.2.12', second.url).logIn(username)).status).toBe(429)
    } finally {
      await second.close()
    }
  })

  test('is not slowed where limits are switched off', async () => {
    const open = await startServer({ trustedProxies: 1 })
    try {
      const { username } = await open.addUser()
      for (let n = 0; n < 12; n++) expect((await guess(browserAt('192.0.2.13', open.url), username)).status).toBe(401)
      expect((await browserAt('192.0.2.13', open.url).logIn(username)).status).toBe(303)
    } finally {
      await open.close()
    }
  })
})

function nothingYet() {
  return { answers: [] as ReturnType<typeof withoutChance>[], times: [] as number[], hashes: [] as number[] }
}

/** An answer without what differs between any two. */
function withoutChance({ status, html, headers }: Shown, name: string) {
  const kept = [...headers].filter(
    ([header]) => !['date', 'x-request-id', 'set-cookie', 'retry-after'].includes(header),
  )
  const body = html.replace(/name="csrf_token" value="[^"]*"/g, '').replaceAll(name, 'NAME')
  return {
    status,
    body,
    headers: kept.filter(([header]) => header !== 'content-length'),
    waits: headers.has('retry-after'),
    cookies: headers.getSetCookie().map((cookie) => cookie.replace(/=[^;]*/, '')),
  }
}

describe('the API', () => {
  const ask = async (token: string | null, address: string) => {
    const headers = { 'x-forwarded-for': address, ...(token === null ? {} : { authorization: token }) }
    const response = await fetch(`${server.url}/api/v1/apps`, { headers })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as { error_code: string },
    }
  }

  test('refuses a flood of bad tokens from one address for a while, and lets every valid one pass', async () => {
    const app = await server.allow(await server.addUser())
    const bad = app.bearer({ sub: 'somebody_else' })
    const statuses: number[] = []
    for (let n = 0; n < 32; n++) statuses.push((await ask(bad, '192.0.2.50')).status)
    expect(statuses).toEqual([...Array(30).fill(401), 429, 429])

    const slowed = await ask('Bearer nonsense', '192.0.2.50')
    expect([slowed.status, slowed.body.error_code]).toEqual([429, 'RATE_LIMIT_EXCEEDED'])
    expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await ask(app.bearer(), '192.0.2.50')).status).toBe(200)
    expect((await ask(bad, '192.0.2.51')).status).toBe(401)
    // What an app asks before it has a token guesses nothing.
    expect((await ask(null, '192.0.2.50')).status).toBe(401)
  })

  test('never counts a valid token against its address', async () => {
    const [one, other] = await Promise.all([1, 2, 3, 4].map(async () => server.allow(await server.addUser())))
    for (let n = 0; n < 8; n++)
      for (const app of [one, other]) if (app) expect((await ask(app.bearer(), '192.0.2.52')).status).toBe(200)
    const { rows } = await server.fresh.stores.system.pool.query(
      "select key from system.rate_limits where key like '30/60:%'",
    )
    expect(rows).toEqual([])
  })
})
