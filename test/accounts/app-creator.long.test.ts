import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startChromium } from '../support/chromium.ts'
import { password, signed, startServer, type TestServer } from '../support/instance.ts'

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

test('a developer makes an app in the browser, allows it, and its key signs requests; the key is sent nowhere', async () => {
  const { username, id } = await server.addUser()
  const page = await chromium.newPage()
  const sent: string[] = []
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`))
  const troubles: string[] = []
  page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()))
  page.on('pageerror', (error) => troubles.push(error.message))

  await page.goto(`${server.url}/app-creator`)
  await page.getByLabel('Id of the app').fill('org.example.made')
  await page.getByLabel('Name', { exact: true }).fill('Made in a browser')
  await page.getByLabel('Its site').fill('https://made.example/')
  const scopes = page.getByRole('checkbox')
  for (const box of await scopes.all()) await box.uncheck()
  await page.getByRole('button', { name: 'Make key and token' }).click()
  expect(await page.getByRole('alert').textContent()).toContain('at least one')
  await page.locator('input[value="user.sync"]').check()
  await page.locator('input[value="user.plays.read"]').check()
  await page.getByRole('button', { name: 'Make key and token' }).click()
  await page.getByRole('link', { name: /Try it/ }).waitFor()
  const privateKey = createPrivateKey(await page.getByLabel(/^Private key/).inputValue())
  const publicKey = await page.getByLabel(/^Public key/).inputValue()
  expect(createPublicKey(privateKey).export({ type: 'spki', format: 'pem' })).toBe(publicKey)

  await page.getByRole('link', { name: /Try it/ }).click()
  await page.getByLabel('User name').fill(username)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  const consent = await page.locator('main').textContent()
  for (const said of ['Made in a browser', 'https://made.example/', 'org.example.made', 'user.plays.read'])
    expect(consent).toContain(said)
  await page.getByRole('button', { name: 'Allow' }).click()
  expect(await page.getByLabel('Your user id').inputValue()).toBe(id)

  const now = Math.floor(Date.now() / 1000)
  const token = signed({ iss: 'org.example.made', sub: username, iat: now, exp: now + 60 }, privateKey)
  const answer = await fetch(`${server.url}/api/v1/play`, { headers: { authorization: `Bearer ${token}` } })
  expect(answer.status).toBe(200)

  const secret = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64').slice(60, 120)
  expect(sent.filter((request) => request.replaceAll('%2B', '+').replaceAll('%2F', '/').includes(secret))).toEqual([])
  expect(sent.every((request) => request.startsWith(server.url))).toBe(true)
  expect(troubles).toEqual([])
})

test('without JavaScript the page says where the way without it is described', async () => {
  const context = await chromium.newContext({ javaScriptEnabled: false, locale: 'fr-FR' })
  const page = await context.newPage()
  await page.goto(`${server.url}/app-creator`)
  expect(await page.locator('main').textContent()).toContain('docs/api/authorization.md')
  await context.close()
})
