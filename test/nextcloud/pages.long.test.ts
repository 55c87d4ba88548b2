import { mkdirSync } from 'node:fs'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask } from '../gpodder/client.ts'
import { startChromium } from '../support/chromium.ts'
import { password, startServer, type TestServer } from '../support/instance.ts'

let server: TestServer
let chromium: Browser
beforeAll(async () => {
  server = await startServer()
  chromium = await startChromium()
})
afterAll(async () => {
  await chromium?.close()
  await server?.close()
})

/** A folder to look at the pages in, where one is named. */
const pictures = process.env.BALADOS_TEST_PICTURES

async function begin(agent: string): Promise<{ login: string; poll: { token: string; endpoint: string } }> {
  return (await ask(`${server.url}/index.php/login/v2`, 'POST', '', { 'user-agent': agent })).body
}

async function logIn(page: Page, username: string): Promise<void> {
  await page.locator('input[name=username]').fill(username)
  await page.locator('input[name=password]').fill(password)
  await page.locator('main button').first().click()
}

async function look(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true })
}

/** Nothing may stick out at the side, and nothing may be blocked or missing. */
async function isWhole(page: Page): Promise<void> {
  const [wide, screen] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [number, number]
  expect(wide).toBeLessThanOrEqual(screen)
}

const screens: Record<string, BrowserContextOptions> = {
  'light and wide': { colorScheme: 'light', viewport: { width: 1280, height: 800 }, locale: 'en-GB' },
  'dark and narrow': { colorScheme: 'dark', viewport: { width: 320, height: 640 }, locale: 'fr-FR' },
  'dark and wide': { colorScheme: 'dark', viewport: { width: 1280, height: 800 }, locale: 'fr-FR' },
  'light, narrow and without JavaScript': {
    colorScheme: 'light',
    viewport: { width: 320, height: 640 },
    locale: 'en-GB',
    javaScriptEnabled: false,
  },
}

test.each(Object.entries(screens))('a person logs in, allows a client and is told so: %s', async (name, options) => {
  const { username } = await server.addUser()
  const context = await chromium.newContext(options)
  const page = await context.newPage()
  const troubles: string[] = []
  page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()))
  page.on('request', (request) => request.url().startsWith(server.url) || troubles.push(request.url()))
  const agent = 'AntennaPod/3.9.0 (an unreasonably long name of a client that nobody reads to the end, x86_64)'
  const { login, poll } = await begin(agent)
  const fetch = () => ask(poll.endpoint, 'POST', new URLSearchParams({ token: poll.token }).toString())

  await page.goto(login)
  await logIn(page, username)
  const main = page.locator('main')
  expect(await main.textContent()).toContain(agent)
  expect(await main.textContent()).toContain(username)
  if (options.javaScriptEnabled !== false) await isWhole(page)
  await look(page, `${name} - asks`)
  expect((await fetch()).status).toBe(404)

  // With the keyboard alone, as who can't see the button does.
  const allow = page.locator('button[value=allow]')
  await allow.focus()
  await page.keyboard.press('Enter')
  await page.locator('main a[href="/apps"]').waitFor()
  await look(page, `${name} - allowed`)
  if (options.javaScriptEnabled !== false) await isWhole(page)
  const { status, body } = await fetch()
  expect(status).toBe(200)
  expect(body).toMatchObject({ server: server.url, loginName: username })

  await page.goto(login)
  expect(await page.getByRole('alert').count()).toBe(1)
  await look(page, `${name} - over`)
  await page.goto(`${server.url}/apps`)
  expect(await main.textContent()).toContain(agent)
  expect(troubles.filter((text) => !text.includes('404'))).toEqual([])
  await context.close()
})

test('a person denies a client', async () => {
  const { username } = await server.addUser()
  const page = await chromium.newPage()
  const { login, poll } = await begin('Cardo')
  await page.goto(login)
  await logIn(page, username)
  await page.locator('button[value=deny]').click()
  expect(await page.locator('h1').textContent()).toBe('The app was denied')
  expect((await ask(poll.endpoint, 'POST', `token=${poll.token}`)).status).toBe(404)
  await page.close()
})
