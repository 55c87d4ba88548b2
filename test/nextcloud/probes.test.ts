import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, basicOf } from '../gpodder/client.ts'
import { password, startServer, type TestServer } from '../support/instance.ts'
import { clientOf, type SyncClient, startSyncClient } from './client.ts'

let server: TestServer
let client: SyncClient
beforeAll(async () => {
  server = await startServer()
  client = await startSyncClient(server)
})
afterAll(() => server.close())

const get = (path: string, headers: Record<string, string> = {}) => ask(server.url + path, 'GET', undefined, headers)

describe('who asks whether this is a Nextcloud', () => {
  test('is told its status, with and without index.php, by HEAD too', async () => {
    for (const path of ['/status.php', '/index.php/status.php', '//status.php']) {
      const { status, body } = await get(path)
      expect(status).toBe(200)
      expect(body).toMatchObject({ installed: true, maintenance: false, needsDbUpgrade: false })
      expect(body.version).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
    }
    expect((await ask(`${server.url}/status.php`, 'HEAD')).status).toBe(200)
  })

  test('is told its capabilities before anybody logs in, as JSON or XML', async () => {
    for (const [version, code] of [
      ['v1', 100],
      ['v2', 200],
    ] as const) {
      const path = `/ocs/${version}.php/cloud/capabilities`
      for (const said of [await get(`${path}?format=json`), await get(path, { accept: 'application/json' })])
        expect(said.body.ocs).toMatchObject({
          meta: { status: 'ok', statuscode: code, message: 'OK' },
          data: { version: { major: expect.any(Number) }, capabilities: { core: { pollinterval: 60 } } },
        })
      const { headers, text } = await get(path)
      expect(headers.get('content-type')).toContain('application/xml')
      expect(text).toContain(`<?xml version="1.0"?>\n<ocs><meta><status>ok</status><statuscode>${code}</statuscode>`)
      expect(text).toContain('<major>31</major>')
    }
  })

  test('is told who is logged in', async () => {
    const { username } = client.user
    for (const path of ['/ocs/v1.php/cloud/user', '/ocs/v2.php/cloud/user', '/index.php/ocs/v2.php/cloud/user']) {
      const said = await client.call('GET', `${path}?format=json`, undefined, { 'OCS-APIRequest': 'true' })
      expect(said.body.ocs.data).toMatchObject({ id: username, 'display-name': username, enabled: true })
      expect((await client.call('GET', path)).text).toContain(`<id>${username}</id>`)
    }
    const nobody = await get('/ocs/v2.php/cloud/user?format=json', basicOf(username, 'wrong'))
    expect(nobody.status).toBe(401)
    expect(nobody.headers.get('www-authenticate')).toMatch(/^Basic /)
    expect(nobody.body.ocs.meta).toMatchObject({ status: 'failure', statuscode: 997 })
  })
})

describe('an app password', () => {
  test('is made of the account’s own, by a client that was typed it into', async () => {
    const own = basicOf(client.user.username, password)
    const said = await get('/ocs/v2.php/core/getapppassword', { ...own, 'user-agent': 'Podcasts <1>' })
    const [, made = ''] = said.text.match(/<apppassword>([^<]+)<\/apppassword>/) ?? []
    expect((await clientOf(server.url, client.user, made).subscriptions()).status).toBe(200)
    const again = await get('/ocs/v2.php/core/getapppassword', basicOf(client.user.username, made))
    expect(again.status).toBe(403)
    expect((await get('/ocs/v2.php/core/getapppassword')).status).toBe(401)
    const { rows } = await server.fresh.stores.system.pool.query('select name from system.credentials')
    expect(rows).toContainEqual({ name: 'Podcasts <1>' })
  })

  test('is given back by its client, and the account’s own can’t be', async () => {
    const leaving = await startSyncClient(server, client)
    const path = '/ocs/v2.php/core/apppassword'
    expect((await clientOf(server.url, client.user, password).call('DELETE', path)).status).toBe(403)
    expect((await leaving.call('DELETE', path)).status).toBe(200)
    expect((await leaving.subscriptions()).status).toBe(401)
    expect((await client.subscriptions()).status).toBe(200)
  })
})

test('the server says that apps may count on it', async () => {
  const { body } = await get('/.well-known/balados-sync')
  expect(body.features).toContain('nextcloud')
})
