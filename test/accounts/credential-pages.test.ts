import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser, createSite, hiddenFields, type Shown, type Site } from './browser.ts'

let site: Site
let ada: ReturnType<typeof createBrowser>
beforeAll(async () => {
  site = await createSite()
  await site.addUser('ada')
  ada = createBrowser(site.url)
  await ada.logIn('ada')
})
afterAll(() => site.close())

const secretOn = (page: Shown) => page.html.match(/<input id="secret" value="([^"]+)"/)?.[1] ?? ''
const makePassword = async (name: string, who = ada) => who.submit(await who.go('/apps'), '/apps/passwords', { name })
const makeToken = async (name: string, kind: string, who = ada) =>
  who.submit(await who.go('/apps'), '/apps/play-tokens', { name, kind })

/** The card of that name. */
const card = (page: Shown, name: string) =>
  page.html.match(/<section class="card"[\s\S]*?<\/section>/g)?.find((text) => text.includes(`>${name}</bdi>`)) ?? ''

async function revoke(name: string, who = ada): Promise<Shown> {
  const page = await who.go('/apps')
  const [, id = ''] = card(page, name).match(/name="id" value="([^"]+)"/) ?? []
  return who.submit(page, '/apps/credentials/revoke', { id })
}

describe('the page of apps', () => {
  test('makes an app password, shows it once, and never again', async () => {
    const made = await makePassword('Phone & <b>co</b>')
    expect(made.status).toBe(200)
    expect(made.headers.get('cache-control')).toBe('no-store')
    expect(made.html).toContain('shown this once and never again')
    expect(made.html).toContain('Phone &amp; &lt;b&gt;co&lt;/b&gt;')
    const secret = secretOn(made)
    expect(made.html).toContain(`<code>ada__${secret}</code>`)
    expect(await site.accounts.basic({ username: 'ada', password: secret }, '192.0.2.1')).toMatchObject({
      username: 'ada',
    })
    const page = await ada.go('/apps')
    expect(page.html).toContain('Phone &amp; &lt;b&gt;co&lt;/b&gt;')
    expect(page.html).not.toContain(secret)
  })

  test('makes play tokens of each kind, and lists what each is for, when it was used and when it expires', async () => {
    const at = (days: number) => `<time datetime="${new Date(site.now() + days * 86_400_000).toISOString()}">`
    const feeds = secretOn(await makeToken('Reader', 'feeds'))
    const live = secretOn(await makeToken('Watch', 'live'))
    expect(await site.accounts.playToken(feeds, 'feeds')).toMatchObject({ username: 'ada' })
    expect(await site.accounts.playToken(live, 'live')).toMatchObject({ username: 'ada' })
    expect(card(await ada.go('/apps'), 'Reader')).toContain('never')
    await site.accounts.stop()
    const page = await ada.go('/apps')
    expect(card(page, 'Reader')).toContain('RSS feeds')
    expect(card(page, 'Watch')).toContain('live channel')
    expect(card(page, 'Reader')).not.toContain('never')
    expect(card(page, 'Reader')).toMatch(new RegExp(`Made</dt><dd>${at(0)}.*\n.*Last used</dt><dd>${at(0)}`))
    expect(card(page, 'Reader')).toContain(`Expires</dt><dd>${at(365)}`)
    expect(page.html).not.toContain(feeds)
  })

  test('shows with a token for RSS where the feeds are, and with no other', async () => {
    const made = await makeToken('Where', 'feeds')
    for (const list of ['subscriptions.xml', 'queue.xml', 'collections/…', 'playlists/…'])
      expect(made.html).toContain(`<code>${site.url}/rss/${secretOn(made)}/${list}</code>`)
    expect((await makeToken('No feeds', 'live')).html).not.toContain('/rss/')
    expect((await makePassword('No feeds either')).html).not.toContain('/rss/')
  })

  test('revokes them', async () => {
    const password = secretOn(await makePassword('Old phone'))
    const token = secretOn(await makeToken('Old reader', 'feeds'))
    for (const name of ['Old phone', 'Old reader']) {
      const answer = await revoke(name)
      expect(answer).toMatchObject({ status: 303, location: '/apps?credential_revoked#revoked' })
      const page = await ada.go('/apps?credential_revoked')
      expect(page.html).toContain('It was revoked')
      expect(card(page, name)).toBe('')
    }
    expect(await site.accounts.basic({ username: 'ada', password }, '192.0.2.1')).toBeNull()
    expect(await site.accounts.playToken(token, 'feeds')).toBeNull()
    expect(card(await ada.go('/apps'), 'Reader')).not.toBe('')
  })

  test('shows the form again with a sentence when the name or the kind is none', async () => {
    for (const name of ['', '  ', 'x'.repeat(101)]) {
      const answer = await makePassword(name)
      expect(answer.status).toBe(400)
      expect(answer.html).toContain('Give it a name of 1 to 100 characters')
      expect(answer.html).toMatch(/name="name"[^>]*aria-invalid="true" aria-describedby="app_password-error"/)
    }
    const answer = await makeToken('"><script>', 'everything')
    expect(answer.status).toBe(400)
    expect(answer.html).toContain('Choose what it is for.')
    expect(answer.html).toContain('value="&quot;&gt;&lt;script&gt;"')
    const again = await ada.submit(answer, '/apps/play-tokens', { name: 'Second try', kind: 'live' })
    expect(again.status).toBe(200)
    expect((await makeToken('x'.repeat(101), 'live')).html).toContain('<option value="live" selected>')
  })

  test('shows and revokes one’s own only', async () => {
    await site.addUser('grace')
    const grace = createBrowser(site.url)
    await grace.logIn('grace')
    const mine = secretOn(await makePassword('Mine'))
    const page = await grace.go('/apps')
    expect(card(page, 'Mine')).toBe('')
    await makePassword('Hers', grace)
    const [, id = ''] = card(await ada.go('/apps'), 'Mine').match(/name="id" value="([^"]+)"/) ?? []
    const { csrf_token = '' } = hiddenFields(page, '/users/log_out')
    for (const target of [id, 'no-id', ''])
      expect(await grace.post('/apps/credentials/revoke', { id: target, csrf_token })).toMatchObject({
        status: 303,
        location: '/apps',
      })
    expect(await site.accounts.basic({ username: 'ada', password: mine }, '192.0.2.1')).toMatchObject({
      username: 'ada',
    })
  })

  test('does nothing for a form of another site, or for somebody who is not logged in', async () => {
    const before = (await ada.go('/apps')).html.match(/class="card"/g)?.length
    for (const action of ['/apps/passwords', '/apps/play-tokens', '/apps/credentials/revoke']) {
      expect((await ada.post(action, { name: 'Forged', kind: 'feeds' })).status).toBe(403)
      const stranger = createBrowser(site.url)
      const page = await stranger.go('/users/log_in')
      const { csrf_token = '' } = hiddenFields(page, '/users/log_in')
      const answer = await stranger.post(action, { name: 'Stranger', kind: 'feeds', csrf_token })
      expect(answer).toMatchObject({ status: 303, location: '/users/log_in?return_to=%2F' })
    }
    expect((await ada.go('/apps')).html.match(/class="card"/g)?.length).toBe(before)
  })

  test('speaks French to those who want it', async () => {
    const headers = { 'accept-language': 'fr' }
    const page = await ada.go('/apps', { headers })
    expect(page.html).toContain('Mots de passe d’application')
    const made = await ada.submit(page, '/apps/play-tokens', { name: 'Liseuse', kind: 'feeds' }, headers)
    expect(made.html).toContain('Votre nouveau jeton d’écoute')
    expect(made.html).toContain('montré que cette fois')
  })
})
