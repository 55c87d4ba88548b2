import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser, hiddenFields } from '../accounts/browser.ts'
import { ask, basicOf } from '../gpodder/client.ts'
import { startServer, type TestServer } from '../support/instance.ts'

let server: TestServer
let ada: { id: string; username: string }
let browser: ReturnType<typeof createBrowser>
beforeAll(async () => {
  server = await startServer()
  ada = await server.addUser()
  browser = createBrowser(server.url)
  await browser.logIn(ada.username)
})
afterAll(() => server.close())

interface Flow {
  readonly poll: { readonly token: string; readonly endpoint: string }
  readonly login: string
}

const begin = async (agent = 'AntennaPod/3.9.0', path = '/index.php/login/v2'): Promise<Flow> => {
  const said = await ask(server.url + path, 'POST', '', { 'user-agent': agent })
  expect(said.status).toBe(200)
  return said.body
}
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const poll = ({ poll: { endpoint, token } }: Flow) => ask(endpoint, 'POST', `token=${token}`, form)
const pageOf = ({ login }: Flow) => new URL(login).pathname
const decide = async (flow: Flow, decision: string, by = browser) =>
  by.submit(await by.go(pageOf(flow)), '/apps/requests', { decision })
const move = (sql: string) => server.fresh.stores.system.pool.query(sql)

describe('an app that logs in through the browser', () => {
  test('asks in vain until its person allows it, gets a password once, and logs in with it', async () => {
    const flow = await begin()
    expect(flow.login.startsWith(`${server.url}/`)).toBe(true)
    expect((await poll(flow)).status).toBe(404)

    const page = await browser.go(pageOf(flow))
    expect(page.status).toBe(200)
    expect(page.html).toContain('AntennaPod/3.9.0')
    expect(page.html).toContain(ada.username)
    expect((await poll(flow)).status).toBe(404)
    const allowed = await decide(flow, 'allow')
    expect(allowed.status).toBe(200)
    expect(allowed.html).toContain('The app is allowed')

    const fetched = await poll(flow)
    expect(fetched.status).toBe(200)
    expect(fetched.headers.get('cache-control')).toBe('no-store')
    expect(fetched.body).toEqual({ server: server.url, loginName: ada.username, appPassword: expect.any(String) })
    expect((await poll(flow)).status).toBe(404)

    const { loginName, appPassword } = fetched.body
    const path = '/index.php/apps/gpoddersync/subscriptions'
    expect((await ask(server.url + path, 'GET', undefined, basicOf(loginName, appPassword))).status).toBe(200)
    const apps = (await browser.go('/apps')).html
    expect(apps).toContain('AntennaPod/3.9.0')
    expect(apps).not.toContain(appPassword)
  })

  test('is asked about after the log-in, whoever opens the page', async () => {
    const flow = await begin()
    const stranger = createBrowser(server.url)
    const away = await stranger.go(pageOf(flow))
    expect(away).toMatchObject({
      status: 303,
      location: `/users/log_in?return_to=${encodeURIComponent(pageOf(flow))}`,
    })
    const back = await stranger.logIn(ada.username, pageOf(flow))
    expect(back).toMatchObject({ status: 303, location: pageOf(flow) })
    expect((await decide(flow, 'allow', stranger)).status).toBe(200)
    expect((await poll(flow)).status).toBe(200)
  })

  test('gets nothing when it is denied, and the page is over then', async () => {
    const flow = await begin()
    expect((await decide(flow, 'deny')).html).toContain('The app was denied')
    for (let n = 0; n < 3; n++) expect((await poll(flow)).status).toBe(404)
    const again = await browser.go(pageOf(flow))
    expect(again.status).toBe(404)
    expect(again.html).toContain('This request is over')
    const fields = hiddenFields(await browser.go(pageOf(await begin())), '/apps/requests')
    const page = pageOf(flow).split('/').at(-1) ?? ''
    expect((await browser.post('/apps/requests', { ...fields, page, decision: 'allow' })).status).toBe(404)
    expect((await poll(flow)).status).toBe(404)
  })

  test('gets nothing after 20 minutes, allowed or not, and what is too old is purged', async () => {
    const [open, allowed] = [await begin(), await begin()]
    const page = await browser.go(pageOf(open))
    await decide(allowed, 'allow')
    await move("update system.app_requests set expires_at = expires_at - interval '20 minutes'")
    expect((await poll(allowed)).status).toBe(404)
    expect((await browser.submit(page, '/apps/requests', { decision: 'allow' })).status).toBe(404)
    expect((await poll(open)).status).toBe(404)
    expect(await server.instance.accounts.purgeExpired()).toBeGreaterThanOrEqual(2)
    const { rows } = await move('select * from system.app_requests')
    expect(rows).toEqual([])
  })

  test('gets one password when it asks many times at once', async () => {
    const flow = await begin()
    await decide(flow, 'allow')
    const before = (await browser.go('/apps')).html.split('AntennaPod').length
    const said = await Promise.all(Array.from({ length: 8 }, () => poll(flow)))
    expect(said.map(({ status }) => status).toSorted()).toEqual([200, ...Array(7).fill(404)])
    expect((await browser.go('/apps')).html.split('AntennaPod').length).toBe(before + 1)
  })

  test('is known neither by its token nor by its page nor by its password from the database', async () => {
    const flow = await begin()
    const page = pageOf(flow).split('/').at(-1) ?? ''
    await decide(flow, 'allow')
    const { rows: kept } = await move('select * from system.app_requests')
    expect(kept).toHaveLength(1)
    const text = JSON.stringify(kept)
    for (const secret of [flow.poll.token, page]) expect(text).not.toContain(secret)
    expect(flow.poll.token).not.toBe(page)
    const { appPassword } = (await poll(flow)).body
    const { rows: made } = await move('select * from system.credentials')
    expect(JSON.stringify(made)).not.toContain(appPassword)
    expect((await ask(flow.poll.endpoint, 'POST', `token=${page}`, form)).status).toBe(404)
  })

  test('is nobody once its person is suspended', async () => {
    const eve = await server.addUser()
    const hers = createBrowser(server.url)
    await hers.logIn(eve.username)
    const flow = await begin()
    await decide(flow, 'allow', hers)
    await server.instance.accounts.suspend(eve.username)
    expect((await poll(flow)).status).toBe(404)
  })

  test('is called what it calls itself, as plain text and in no more than 100 characters', async () => {
    for (const [agent, shown] of [
      ['<b>Bold</b> & "sly"', '&lt;b&gt;Bold&lt;/b&gt; &amp; &quot;sly&quot;'],
      ['x'.repeat(300), `>${'x'.repeat(100)}<`],
      [' ', '>App<'],
    ] as const) {
      const flow = await begin(agent)
      expect((await browser.go(pageOf(flow))).html).toContain(shown)
      await decide(flow, 'allow')
      expect((await poll(flow)).status).toBe(200)
    }
  })

  test('polls with a form, with JSON, and with a wrong name on either', async () => {
    for (const [type, write] of [
      ['application/x-www-form-urlencoded', (token: string) => `token=${token}`],
      ['application/json', (token: string) => JSON.stringify({ token })],
      ['text/plain;charset=UTF-8', (token: string) => JSON.stringify({ token })],
      ['application/json', (token: string) => `token=${token}`],
    ] as const) {
      const flow = await begin()
      await decide(flow, 'allow')
      const said = await ask(flow.poll.endpoint, 'POST', write(flow.poll.token), { 'content-type': type })
      expect(said.status, type).toBe(200)
    }
    const flow = await begin()
    for (const body of ['', 'token=', '{', '{"token":7}', '[]', `token=${'x'.repeat(5_000)}`])
      expect((await ask(flow.poll.endpoint, 'POST', body, form)).status).toBeOneOf([404, 413])
  })

  test('begins at every place a Nextcloud has, the doubled slash of an address that ends in one included', async () => {
    for (const path of ['/login/v2', '/index.php/login/v2', '//index.php/login/v2', '//login/v2'])
      expect((await begin('A', path)).poll.endpoint).toBe(`${server.url}/login/v2/poll`)
    expect((await ask(`${server.url}/login/v2`, 'GET')).status).toBe(405)
  })

  test('must be allowed in our own form, with a decision in it', async () => {
    const flow = await begin()
    const fields = { ...hiddenFields(await browser.go(pageOf(flow)), '/apps/requests'), decision: 'allow' }
    expect((await browser.post('/apps/requests', { ...fields, csrf_token: 'x' })).status).toBe(403)
    expect((await browser.post('/apps/requests', fields, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await browser.post('/apps/requests', { ...fields, decision: 'perhaps' })).html).toContain('decision')
    expect((await browser.post('/apps/requests', { ...fields, page: 'guessed' })).status).toBe(404)
    expect((await poll(flow)).status).toBe(404)
  })

  test('is asked about in French too', async () => {
    const french = createBrowser(server.url, { 'accept-language': 'fr' })
    await french.logIn(ada.username)
    const flow = await begin()
    const page = await french.go(pageOf(flow))
    expect(page.html).toContain('lang="fr"')
    expect(page.html).toContain('Une application veut utiliser votre compte')
    expect((await decide(flow, 'allow', french)).html).toContain('L’application est autorisée')
    expect((await french.go(pageOf(flow))).html).toContain('Cette demande est close')
  })
})

describe('asking and guessing too often', () => {
  test('is slowed at one address; a good token passes all the same', async () => {
    const limited = await startServer({ beside: server, rateLimits: true })
    const flow = await begin()
    await decide(flow, 'allow')
    const guesses = []
    for (let n = 0; n < 31; n++)
      guesses.push((await ask(`${limited.url}/login/v2/poll`, 'POST', `token=guess${n}`, form)).status)
    expect(guesses).toEqual([...Array(30).fill(404), 429])
    expect((await ask(`${limited.url}/login/v2/poll`, 'POST', `token=${flow.poll.token}`, form)).status).toBe(200)
    const asked = []
    for (let n = 0; n < 31; n++) asked.push(await ask(`${limited.url}/index.php/login/v2`, 'POST'))
    expect(asked.map(({ status }) => status)).toEqual([...Array(30).fill(200), 429])
    expect(Number(asked.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0)
    await limited.close()
  })
})
