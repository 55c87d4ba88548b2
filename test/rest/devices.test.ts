import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, startServer, type TestServer } from '../support/instance.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const listener = async (scopes?: readonly string[]) =>
  server.allow(await server.addUser(), scopes === undefined ? {} : { scopes })

const devicesOf = async (app: App) => (await app.call('GET', '/devices')).body.devices
const sync = (app: App) => app.call('POST', '/sync', { changes: {} })
const named = (name: string) => ({ claims: { device_name: name } })

test('a device appears with the first request that names it, and its last sync with the first sync', async () => {
  const app = await listener()
  expect(await devicesOf(app)).toEqual([])
  const before = Date.now()
  await app.on('phone-1').call('GET', '/play', undefined, named('Ada’s phone'))
  const [seen] = await devicesOf(app)
  expect(seen).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    app_id: app.id,
    device_id: 'phone-1',
    name: 'Ada’s phone',
    type: 'other',
    last_sync_at: null,
    last_seen_at: expect.any(String),
    inserted_at: seen.last_seen_at,
  })
  expect((await sync(app.on('phone-1'))).status).toBe(200)
  const [synced] = await devicesOf(app)
  expect(synced).toMatchObject({ id: seen.id, name: 'Ada’s phone', inserted_at: seen.inserted_at })
  expect(Date.parse(synced.last_sync_at)).toBeGreaterThanOrEqual(before)
  expect(Date.parse(synced.last_seen_at)).toBeGreaterThanOrEqual(Date.parse(seen.last_seen_at))
})

test('a sync that is refused is no sync, and a call that is refused no sight of a device', async () => {
  const app = await listener()
  const phone = app.on('phone')
  expect((await phone.call('POST', '/sync', { last_sync: 'nonsense' })).status).toBe(400)
  await phone.call('GET', '/play', undefined, { claims: { device_id: 'ghost', exp: 1 } })
  await phone.call('GET', '/play', undefined, { claims: { device_id: 'evil\u202e' } })
  expect(await devicesOf(app)).toMatchObject([{ device_id: 'phone', last_sync_at: null }])
})

test('devices of one name in two apps are two, the one last seen first', async () => {
  const app = await listener()
  const other = await server.allow({ id: app.user })
  await app.on('phone').call('GET', '/me')
  await new Promise((resolve) => setTimeout(resolve, 5))
  await other.on('phone').call('GET', '/me')
  expect(await devicesOf(app)).toMatchObject([
    { app_id: other.id, device_id: 'phone' },
    { app_id: app.id, device_id: 'phone' },
  ])
})

test('a device that is renamed keeps its person’s name, whatever its app says, until that is taken back', async () => {
  const app = await listener()
  await app.on('d').call('GET', '/me', undefined, named('SM-G991B'))
  const [{ id }] = await devicesOf(app)
  const renamed = await app.call('PATCH', `/devices/${id}`, { name: '  Kitchen ', type: 'mobile' })
  expect(renamed).toMatchObject({ status: 200, body: { id, name: 'Kitchen', type: 'mobile', device_id: 'd' } })
  await app.on('d').call('GET', '/me', undefined, named('SM-G991C'))
  expect(await devicesOf(app)).toMatchObject([{ id, name: 'Kitchen', type: 'mobile' }])
  expect((await app.call('PATCH', `/devices/${id}`, {})).body).toMatchObject({ name: 'Kitchen', type: 'mobile' })
  expect((await app.call('PATCH', `/devices/${id}`, { name: null })).body).toMatchObject({
    name: 'SM-G991C',
    type: 'mobile',
  })
})

test('the app’s last word for a device is its name, and no word leaves it', async () => {
  const app = await listener()
  await app.on('d').call('GET', '/me', undefined, named('First'))
  await devicesOf(app)
  await app.on('d').call('GET', '/me', undefined, named('Second'))
  await app.on('d').call('GET', '/me')
  expect(await devicesOf(app)).toMatchObject([{ name: 'Second' }])
})

test('a forgotten device is gone, also for the very device that forgets itself, and comes back when it syncs', async () => {
  const app = await listener()
  const device = app.on('old')
  await device.call('GET', '/me', undefined, named('Old phone'))
  const [{ id }] = await devicesOf(app)
  await app.call('PATCH', `/devices/${id}`, { name: 'Given', type: 'laptop' })
  expect(await device.call('DELETE', `/devices/${id}`)).toMatchObject({ status: 200, body: { status: 'success' } })
  expect(await devicesOf(app)).toEqual([])
  expect((await app.call('DELETE', `/devices/${id}`)).status).toBe(404)
  expect((await app.call('PATCH', `/devices/${id}`, { name: 'Ghost' })).status).toBe(404)
  await new Promise((resolve) => setTimeout(resolve, 5))
  await sync(device)
  const [back] = await devicesOf(app)
  expect(back).toMatchObject({ device_id: 'old', name: null, type: 'other', last_sync_at: expect.any(String) })
  expect(back.id).not.toBe(id)
  expect(back.last_sync_at).toBe(back.inserted_at)
})

test('somebody else’s device is not there', async () => {
  const [ada, grace] = [await listener(), await listener()]
  await ada.on('phone').call('GET', '/me', undefined, named('Hers'))
  const [{ id }] = await devicesOf(ada)
  expect(await devicesOf(grace)).toEqual([])
  expect(await grace.call('PATCH', `/devices/${id}`, { name: 'Mine' })).toMatchObject({
    status: 404,
    body: { error_code: 'NOT_FOUND' },
  })
  expect((await grace.call('DELETE', `/devices/${id}`)).status).toBe(404)
  expect(await devicesOf(ada)).toMatchObject([{ id, name: 'Hers' }])
})

test('devices need the scope user, whole', async () => {
  const call = async (scopes: readonly string[]) => (await listener(scopes)).call('GET', '/devices')
  for (const scope of ['user', '*']) expect((await call([scope])).status).toBe(200)
  const narrow = await listener(['user.read', 'user.write', 'user.*', 'user.sync', '*.read'])
  for (const [method, path, body] of [
    ['GET', '/devices'],
    ['PATCH', `/devices/${randomUUID()}`, {}],
    ['DELETE', `/devices/${randomUUID()}`],
  ] as const) {
    const answer = await narrow.call(method, path, body)
    expect(answer).toMatchObject({ status: 403, body: { error: expect.stringContaining('scope user') } })
  }
})

test('a name that is none and a type that is none are refused, with their place', async () => {
  const app = await listener()
  await app.on('d').call('GET', '/me')
  const [{ id }] = await devicesOf(app)
  for (const body of [{ name: '' }, { name: ' ' }, { name: 'x'.repeat(101) }, { name: 'a\nb' }, { name: 7 }]) {
    const answer = await app.call('PATCH', `/devices/${id}`, body)
    expect(answer).toMatchObject({ status: 400, body: { details: [{ path: expect.stringContaining('name') }] } })
  }
  const answer = await app.call('PATCH', `/devices/${id}`, { type: 'toaster' })
  expect(answer).toMatchObject({ status: 400, body: { details: [{ path: expect.stringContaining('type') }] } })
  expect((await app.call('PATCH', '/devices/d', { name: 'By the app’s id' })).status).toBe(400)
  expect(await devicesOf(app)).toMatchObject([{ name: null, type: 'other' }])
})

test('a device that is renamed twice with one idempotency key is renamed once', async () => {
  const app = await listener()
  await app.on('d').call('GET', '/me')
  const [{ id }] = await devicesOf(app)
  const headers = { 'idempotency-key': randomUUID() }
  const rename = () => app.call('PATCH', `/devices/${id}`, { name: 'Once' }, { headers })
  const first = await rename()
  await app.call('PATCH', `/devices/${id}`, { name: 'Then' })
  expect((await rename()).body).toEqual(first.body)
  expect(await devicesOf(app)).toMatchObject([{ name: 'Then' }])
})
