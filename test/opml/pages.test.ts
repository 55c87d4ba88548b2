import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser, hiddenFields, type Shown } from '../accounts/browser.ts'
import { password, startServer, type TestServer } from '../support/instance.ts'
import { opml, shelves } from './opml-app.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const home = '/subscriptions/import'
const file = opml(`<outline type="rss" text="One" xmlUrl="http://localhost:1/one.xml"/>
<outline text="Matin"><outline type="rss" text="&lt;b&gt;Two" xmlUrl="javascript:two()"/></outline>`)

async function somebody(headers: Record<string, string> = {}) {
  const user = await server.addUser()
  const browser = createBrowser(server.url, headers)
  await browser.logIn(user.username, '/', password)
  const bring = (page: Shown, content: string | Uint8Array, fields = hiddenFields(page, home)) => {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.set(name, value)
    form.set('file', new Blob([content as string], { type: 'text/x-opml' }), 'podcasts.opml')
    return browser.go(home, { method: 'POST', body: form, headers: { origin: server.url } })
  }
  return { user, browser, bring }
}

async function untilDone(browser: ReturnType<typeof createBrowser>, path: string): Promise<Shown> {
  for (let n = 0; n < 200; n++) {
    const page = await browser.go(path)
    if (!page.html.includes('http-equiv="refresh"')) return page
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the import does not end')
}

describe('the page for files of podcasts', () => {
  test('takes a file, shows how far it is without a script, and what came of it', async () => {
    const { user, browser, bring } = await somebody()
    expect((await browser.go('/settings/account')).html).toContain(`href="${home}"`)
    const sent = await bring(await browser.go(home), file)
    expect(sent).toMatchObject({
      status: 303,
      location: expect.stringMatching(/^\/subscriptions\/import\/[0-9a-f-]{36}$/),
    })
    const page = await untilDone(browser, sent.location ?? '')
    expect(page.html).toContain('<dd>2 of 2</dd>')
    expect(page.html).toMatch(/<li>Line 4: <bdi>&lt;b&gt;Two<\/bdi>\. No podcast.*<br><code>javascript:two\(\)<\/code>/)
    expect(page.html).toContain('No podcast can be at an address of this kind.')
    expect((await browser.go(home)).html).toContain(`href="${sent.location}"`)
    const app = await server.allow(user)
    expect(await shelves(app)).toMatchObject([{ feeds: ['http://localhost:1/one.xml'] }])
    const taken = await browser.go('/subscriptions/export.opml')
    expect(taken.headers.get('content-disposition')).toBe('attachment; filename="subscriptions.opml"')
    expect(taken.headers.get('content-type')).toBe('text/x-opml; charset=utf-8')
    const asClient = await browser.go('/subscriptions/export.opml', { headers: { authorization: 'Basic YTpi' } })
    expect([asClient.status, asClient.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('Basic')])
    expect(taken.html).toContain('xmlUrl="http://localhost:1/one.xml"')
  })

  test('speaks French to those who do', async () => {
    const { browser, bring } = await somebody({ 'accept-language': 'fr' })
    const sent = await bring(await browser.go(home), file)
    expect((await untilDone(browser, sent.location ?? '')).html).toContain('<dd>2 sur 2</dd>')
  })

  test('says what is wrong with a file', async () => {
    const { browser, bring } = await somebody()
    const page = await browser.go(home)
    const wrong = async (content: string | Uint8Array) => {
      const { status, html } = await bring(page, content)
      return `${status} ${html.match(/role="alert">([^<]*)/)?.[1]}`
    }
    expect(await wrong('<opml>\n<body>')).toMatch(/^422 This file can not be read as OPML: is not OPML: line \d/)
    expect(await wrong('')).toBe('422 Choose a file first.')
    expect(await wrong(new Uint8Array(4 * 1024 * 1024 + 1))).toMatch(/^413 The file is too large/)
    expect(await wrong(new Uint8Array(9 * 1024 * 1024))).toMatch(/^413 The file is too large/)
    const odd = await browser.go(home, { method: 'POST', body: 'x', headers: { origin: server.url } })
    expect(odd.status).toBe(403)
  })

  test('takes no form that another site has sent, and shows nobody what is somebody else’s', async () => {
    const { browser, bring } = await somebody()
    const page = await browser.go(home)
    expect((await bring(page, file, { csrf_token: 'guessed' })).status).toBe(403)
    expect((await bring(page, file, {})).status).toBe(403)
    const sent = await bring(page, file)
    const other = await somebody()
    expect((await other.browser.go(sent.location ?? '')).status).toBe(404)
    expect((await other.browser.go(`${home}/nonsense`)).status).toBe(404)
    const stranger = createBrowser(server.url)
    for (const path of [home, '/subscriptions/export.opml', sent.location ?? ''])
      expect((await stranger.go(path)).location).toMatch(/^\/users\/log_in\?return_to=/)
  })
})
