import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/instance.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

test('/me tells an app who its token speaks for, as what, and on which device', async () => {
  const user = await server.addUser()
  const app = await server.allow(user, { scopes: ['user.sync'] })
  const claims = { device_name: 'Ada’s phone' }
  const { status, body } = await app.on('phone').call('GET', '/me', undefined, { claims })
  expect(status).toBe(200)
  expect(body).toEqual({
    user_id: user.id,
    username: user.username,
    is_admin: false,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    app: { app_id: app.id, app_name: 'Test app', scopes: ['user.sync'] },
    device: expect.objectContaining({ device_id: 'phone', app_id: app.id, name: 'Ada’s phone', last_sync_at: null }),
  })
  await app.on('phone').call('POST', '/sync', { changes: {} })
})

test('/me names no device where the token names none', async () => {
  const app = await server.allow(await server.addUser())
  expect((await app.call('GET', '/me')).body.device).toBeNull()
})

test.each([
  [['user.read'], true],
  [['user'], true],
  [['*.read'], true],
  [['user.sync'], false],
  [['user.write'], false],
  [['user.plays.read'], false],
])('of an app that was granted %j, it is %j that /me tells the e-mail address', async (scopes, told) => {
  const user = await server.addUser()
  const app = await server.allow(user, { scopes })
  if (told) expect((await app.call('GET', '/me')).body.email).toBeNull()
  await server.fresh.stores.system.pool.query('update system.users set email = $1 where id = $2', [
    'a@b.example',
    user.id,
  ])
  const { body } = await app.call('GET', '/me')
  expect('email' in body).toBe(told)
  if (told) expect(body.email).toBe('a@b.example')
})

test('/me tells an admin’s app that it speaks for one, and an app of a former admin what is left of its scopes', async () => {
  const user = await server.addUser()
  const app = await server.allow(user, { scopes: ['user.sync', 'admin.read'] })
  const set = (admin: boolean) =>
    server.fresh.stores.system.pool.query('update system.users set is_admin = $1 where id = $2', [admin, user.id])
  await set(true)
  expect((await app.call('GET', '/me')).body).toMatchObject({
    is_admin: true,
    app: { scopes: ['user.sync', 'admin.read'] },
  })
  await set(false)
  expect((await app.call('GET', '/me')).body).toMatchObject({ is_admin: false, app: { scopes: ['user.sync'] } })
})

test('/me needs a token', async () => {
  expect((await fetch(`${server.url}/api/v1/me`)).status).toBe(401)
})
