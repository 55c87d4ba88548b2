import { mkdirSync } from 'node:fs'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startChromium } from '../support/chromium.ts'
import { password, startServer, type TestServer } from '../support/instance.ts'
import { opml } from './opml-app.ts'

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

const screens: Record<string, BrowserContextOptions> = {
  'light, wide and without JavaScript': {
    viewport: { width: 1100, height: 800 },
    locale: 'en-GB',
    javaScriptEnabled: false,
  },
  'dark and narrow': { colorScheme: 'dark', viewport: { width: 320, height: 640 }, locale: 'fr-FR' },
}

const file = opml(`<outline type="rss" text="One" xmlUrl="http://localhost:1/one.xml"/>
<outline type="rss" text="A very long name of a podcast that goes on and on and on" xmlUrl="javascript:two()"/>
<outline type="rss" text="Long" xmlUrl="https://a.example/${'x'.repeat(9000)}"/>`)

test.each(Object.entries(screens))(
  'a person brings a file and sees what came of it: %s',
  async (name, options) => {
    const { username } = await server.addUser()
    const page = await (await chromium.newContext(options)).newPage()
    const look = async (step: number) => {
      const [wide, screen] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [
        number,
        number,
      ]
      expect(wide).toBeLessThanOrEqual(screen)
      if (pictures === undefined) return
      mkdirSync(pictures, { recursive: true })
      await page.screenshot({ path: `${pictures}/opml ${name} ${step}.png`, fullPage: true })
    }
    const bring = async (content: string) => {
      const buffer = Buffer.from(content)
      await page.locator('input[type=file]').setInputFiles({ name: 'podcasts.opml', mimeType: 'text/x-opml', buffer })
      await page.locator('main form button').click()
    }
    await page.goto(`${server.url}/users/log_in?return_to=/subscriptions/import`)
    await page.locator('input[name=username]').fill(username)
    await page.locator('input[name=password]').fill(password)
    await page.locator('main button').first().click()
    await page.waitForURL(/import$/)
    await bring('<opml>')
    await page.locator('[role=alert]').waitFor()
    await look(1)
    await bring(file)
    await page.waitForURL(/import\/./)
    // The page loads itself anew until all is done.
    await page.locator('ul.failed').waitFor({ timeout: 20_000 })
    expect(await page.locator('ul.failed li').count()).toBe(2)
    await look(2)
    await page.goto(`${server.url}/subscriptions/import`)
    await look(3)
  },
  60_000,
)
