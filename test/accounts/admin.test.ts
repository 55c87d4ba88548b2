import { randomUUID } from 'node:crypto'
import { Writable } from 'node:stream'
import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { UserId } from '../../src/kernel/brand.ts'
import type { Answer, EndpointCall } from '../../src/kernel/endpoint.ts'
import { compose } from '../../src/main/compose.ts'
import { type App, password, startServer, type TestServer } from '../support/instance.ts'

let server: TestServer
let root: { id: UserId; username: string }
let app: App
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const scopes = ['admin.read', 'admin.write']
const setAdmin = (id: string, yes: boolean) =>
  server.fresh.stores.system.pool.query('update system.users set is_admin = $2 where id = $1', [id, yes])

beforeEach(async () => {
  await server.fresh.stores.system.pool.query('update system.users set is_admin = false')
  root = await server.addUser()
  await setAdmin(root.id, true)
  app = await server.allow(root, { scopes })
})

const name = () => `u${randomUUID().replaceAll('-', '').slice(0, 12)}`
const secrets = /password|hash|argon|public_key|token|BEGIN/i

describe('without the right to administer', () => {
  const operations = [
    ['GET', '/admin/users', 'admin.read'],
    ['GET', '/admin/users/00000000-0000-4000-8000-000000000000', 'admin.read'],
    ['POST', '/admin/users', 'admin.write'],
    ['PATCH', '/admin/users/00000000-0000-4000-8000-000000000000', 'admin.write'],
    ['POST', '/admin/users/00000000-0000-4000-8000-000000000000/password', 'admin.write'],
    ['GET', '/admin/status', 'admin.read'],
    ['GET', '/admin/followers', 'admin.read'],
    ['POST', '/admin/followers/read-models/retry', 'admin.write'],
    ['GET', '/admin/jobs', 'admin.read'],
    ['POST', '/admin/jobs/1/retry', 'admin.write'],
  ] as const

  test.each(operations)('%s %s is forbidden, and %s is named', async (method, path, scope) => {
    const body = method === 'GET' ? undefined : {}
    const other = scope === 'admin.read' ? 'admin.write' : 'admin.read'
    for (const granted of [['*'], ['user'], ['*.read', '*.write'], [other]]) {
      const reply = await (await server.allow(root, { scopes: granted })).call(method, path, body)
      expect(reply.status, granted.join()).toBe(403)
      expect(reply.body).toMatchObject({ error_code: 'FORBIDDEN', error: expect.stringContaining(scope) })
    }
  })

  test('what a former administrator granted is void', async () => {
    expect((await app.call('GET', '/admin/users')).status).toBe(200)
    await setAdmin(root.id, false)
    expect((await app.call('GET', '/admin/users')).status).toBe(403)
  })
})

describe('people', () => {
  test('are listed page by page, the newest first, each once while more come', async () => {
    const tag = name()
    const made: string[] = []
    const add = async (n: number) => made.unshift((await server.addUser(`${tag}_${n}`)).id)
    for (let n = 1; n <= 5; n++) await add(n)
    const page = async (before: string | null) =>
      (await app.call('GET', `/admin/users?limit=2&q=${tag.toUpperCase()}${before ? `&before=${before}` : ''}`)).body
    const first = await page(null)
    await server.addUser(`${tag}_6`)
    const second = await page(first.next)
    const third = await page(second.next)
    const seen = [first, second, third].flatMap((p) => p.users.map((user: { id: string }) => user.id))
    expect(seen).toEqual(made)
    expect(third.next).toBeNull()
    expect((await app.call('GET', '/admin/users?q=%25')).body.users).toEqual([])
  })

  test('a cursor that nobody gave is refused by its name', async () => {
    const { status, body } = await app.call('GET', '/admin/users?before=x')
    expect(status).toBe(400)
    expect(body.details).toMatchObject([{ path: 'query.before' }])
  })

  test('are made, found by name, address and id, and can log in; nothing secret is answered', async () => {
    const username = name()
    const email = `${username}@mail.example`
    const made = await app.call('POST', '/admin/users', { username, password, email, admin: true })
    expect(made.status).toBe(201)
    const user = { id: expect.any(String), username, email, is_admin: true, suspended_at: null }
    expect(made.body).toEqual({ user: { ...user, created_at: expect.stringMatching(/Z$/) } })
    const found = await app.call('GET', `/admin/users?q=${username}@mail`)
    const one = await app.call('GET', `/admin/users/${made.body.user.id}`)
    expect(found.body.users).toEqual([made.body.user])
    expect(one.body).toEqual(made.body)
    for (const { body } of [made, found, one]) expect(JSON.stringify(body)).not.toMatch(secrets)
    expect((await app.call('POST', '/admin/users', { username, password })).status).toBe(409)
  })

  test('are refused with what is wrong and where', async () => {
    for (const [path, body] of [
      ['username', { username: 'no spaces', password }],
      ['password', { username: name(), password: 'short' }],
      ['email', { username: name(), password, email: 'nowhere' }],
    ] as const) {
      const reply = await app.call('POST', '/admin/users', body)
      expect(reply.status, path).toBe(400)
      expect(reply.body.details).toMatchObject([{ path: expect.stringMatching(new RegExp(`${path}$`)) }])
    }
  })

  test('who is not there is not found', async () => {
    const id = randomUUID()
    expect((await app.call('GET', `/admin/users/${id}`)).status).toBe(404)
    expect((await app.call('PATCH', `/admin/users/${id}`, { email: null })).status).toBe(404)
    expect((await app.call('POST', `/admin/users/${id}/password`, { password })).status).toBe(404)
  })

  test('get and lose an address and the right to administer', async () => {
    const user = await server.addUser()
    const change = async (body: object) => (await app.call('PATCH', `/admin/users/${user.id}`, body)).body.user
    expect(await change({ email: 'a@mail.example' })).toMatchObject({ email: 'a@mail.example', is_admin: false })
    expect(await change({ is_admin: true })).toMatchObject({ email: 'a@mail.example', is_admin: true })
    expect(await change({ is_admin: false, email: null })).toMatchObject({ email: null, is_admin: false })
  })
})

const sessionOf = async (username: string): Promise<string> => {
  const form = await fetch(`${server.url}/users/log_in`)
  const cookies = form.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
  const token = /name="csrf_token" value="([^"]+)"/.exec(await form.text())?.[1] ?? ''
  const reply = await fetch(`${server.url}/users/log_in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: cookies.join('; ') },
    body: new URLSearchParams({ username, password, csrf_token: token, return_to: '/apps' }),
  })
  expect(reply.status).toBe(303)
  return reply.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}
const isIn = async (cookie: string) =>
  (await fetch(`${server.url}/apps`, { headers: { cookie }, redirect: 'manual' })).status === 200

describe('suspending', () => {
  test('ends sessions and refuses apps at once; lifting it lets apps in, but wakes no session', async () => {
    const user = await server.addUser()
    const theirs = await server.allow(user)
    const cookie = await sessionOf(user.username)
    expect(await isIn(cookie)).toBe(true)
    const suspended = await app.call('PATCH', `/admin/users/${user.id}`, { suspended: true })
    expect(suspended.body.user.suspended_at).toEqual(expect.any(String))
    expect((await theirs.call('GET', '/play')).status).toBe(401)
    expect(await isIn(cookie)).toBe(false)
    const again = await app.call('PATCH', `/admin/users/${user.id}`, { suspended: true })
    expect(again.body).toEqual(suspended.body)
    await app.call('PATCH', `/admin/users/${user.id}`, { suspended: false })
    expect((await theirs.call('GET', '/play')).status).toBe(200)
    expect(await isIn(cookie)).toBe(false)
  })

  test('or unmaking the only administrator is a conflict, told in words', async () => {
    for (const body of [{ suspended: true }, { is_admin: false }, { is_admin: true, suspended: true }]) {
      const reply = await app.call('PATCH', `/admin/users/${root.id}`, body)
      expect(reply).toMatchObject({ status: 409, body: { error_code: 'CONFLICT' } })
      expect(reply.body.error).toContain('the only administrator')
    }
    expect((await app.call('GET', `/admin/users/${root.id}`)).body.user).toMatchObject({
      is_admin: true,
      suspended_at: null,
    })
    expect((await app.call('PATCH', `/admin/users/${root.id}`, { email: 'r@mail.example' })).status).toBe(200)
  })

  test('of two administrators who unmake each other at once, one stays', async () => {
    for (let round = 0; round < 5; round++) {
      const second = await server.addUser()
      await setAdmin(root.id, true)
      await setAdmin(second.id, true)
      const other = await server.allow(second, { scopes })
      const replies = await Promise.all([
        app.call('PATCH', `/admin/users/${second.id}`, { is_admin: false }),
        other.call('PATCH', `/admin/users/${root.id}`, { suspended: true }),
      ])
      const left = await server.fresh.stores.system.pool.query(
        'select id from system.users where is_admin and suspended_at is null',
      )
      expect(left.rowCount, JSON.stringify(replies.map((reply) => reply.status))).toBe(1)
      await server.fresh.stores.system.pool.query('update system.users set is_admin = false, suspended_at = null')
    }
  })
})

test('a new password ends the sessions, lets in with nothing else, and is not answered', async () => {
  const user = await server.addUser()
  const cookie = await sessionOf(user.username)
  const reply = await app.call('POST', `/admin/users/${user.id}/password`, { password: 'another horse battery' })
  expect(reply.body).toEqual({ status: 'success' })
  expect(await isIn(cookie)).toBe(false)
  const weak = await app.call('POST', `/admin/users/${user.id}/password`, { password: 'short' })
  expect(weak.body.details).toMatchObject([{ path: 'password' }])
})

test('each write is logged with who did what, without passwords and addresses', async () => {
  const lines: string[] = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk))
      done()
    },
  })
  const { stores } = server.fresh
  const instance = compose({ stores, publicUrl: server.url, secret: 'x'.repeat(32), log: pino(stream) })
  const carryOut = async (method: string, path: string, params: object, body: object) => {
    const author = { app: 'test.app', device: null }
    const caller = { user: root.id, username: root.username, author, scopes }
    const origin = { user: root.id, author, now: Date.now(), request: null }
    const call: EndpointCall<object, object, object> = { params, query: {}, body, caller, origin, language: 'en' }
    const found = instance.endpoints.find((e) => e.method === method && e.path === path)
    return (await found?.handle(call as never)) as Answer
  }
  const email = 'somebody@mail.example'
  const added = await carryOut('post', '/admin/users', {}, { username: name(), password, email, admin: false })
  const { id } = (added.body as { user: { id: string } }).user
  await carryOut('patch', '/admin/users/{id}', { id }, { suspended: true, email })
  await carryOut('post', '/admin/users/{id}/password', { id }, { password })
  await carryOut('post', '/admin/users/{id}/password', { id }, { password: 'short' })
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { msg: 'an administrator added a user', admin: root.id, app: 'test.app', user: id },
    { msg: 'an administrator changed a user', admin: root.id, user: id, suspended: true, email: true },
    { msg: 'an administrator set a password', admin: root.id, user: id },
  ])
  expect(lines).toHaveLength(3)
  expect(lines.join('')).not.toMatch(new RegExp(`${password}|${email}|argon`))
})
