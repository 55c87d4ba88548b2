import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { password, startServer, type TestServer } from '../support/instance.ts'
import { appPasswordOf, ask, basicOf, type Client, startClient } from './client.ts'

let server: TestServer
let client: Client
let login: string
beforeAll(async () => {
  server = await startServer({ rateLimits: true })
  client = await startClient(server)
  login = `/api/2/auth/${client.u}/login.json`
})
afterAll(() => server.close())

describe('logging in', () => {
  test('by HTTP Basic gives a cookie for a year, and the cookie alone serves from then on', async () => {
    const said = await client.basic('POST', login)
    expect(said.status).toBe(200)
    expect(said.headers.get('set-cookie')).toMatch(
      /^sessionid=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=31536000$/,
    )
    expect(said.headers.get('access-control-allow-origin')).toBe('*')
    const listed = await client.call('GET', `/api/2/devices/${client.u}.json`)
    expect(listed).toMatchObject({ status: 200, body: [] })
    expect(listed.headers.get('set-cookie')).toBeNull()
  })

  test('gives a cookie with every call that brings the password', async () => {
    const said = await client.basic('GET', `/api/2/devices/${client.u}.json`)
    expect(said.headers.get('set-cookie')).toMatch(/^sessionid=/)
  })

  test('takes the account’s own password, and the name in any case', async () => {
    const upper = client.u.toUpperCase()
    const path = `${server.url}/api/2/auth/${upper}/login.json`
    expect((await ask(path, 'POST', undefined, basicOf(upper, password))).status).toBe(200)
  })

  test('takes `name__apppassword` as a name without a password, in the path as well', async () => {
    const { secret } = await appPasswordOf(server, client.user.id)
    const name = `${client.u}__${secret}`
    expect((await ask(`${server.url}/api/2/devices/${name}.json`, 'GET', undefined, basicOf(name, ''))).status).toBe(
      200,
    )
  })

  test('is asked for by HTTP Basic, without credentials, with wrong ones and with a made-up cookie', async () => {
    const path = `${server.url}/api/2/devices/${client.u}.json`
    for (const headers of [{}, basicOf(client.u, 'wrong'), { cookie: 'sessionid=abc' }, { authorization: 'Basic !' }]) {
      const said = await ask(path, 'GET', undefined, headers as Record<string, string>)
      expect(said.status).toBe(401)
      expect(said.headers.get('www-authenticate')).toMatch(/^Basic realm="/)
      expect(said.headers.get('access-control-allow-origin')).toBe('*')
      expect(said.headers.get('set-cookie')).toBeNull()
    }
  })

  test('as one user opens nothing of another', async () => {
    const other = await startClient(server)
    const said = await client.basic('GET', `/api/2/devices/${other.u}.json`)
    expect(said).toMatchObject({ status: 400, body: { error_code: 'VALIDATION_ERROR' } })
  })

  test('too often with a wrong password is slowed down, and says for how long', async () => {
    const { username } = await server.addUser()
    const path = `${server.url}/api/2/auth/${username}/login.json`
    let said = await ask(path, 'POST', undefined, basicOf(username, 'wrong'))
    for (let tries = 0; tries < 30 && said.status === 401; tries++)
      said = await ask(path, 'POST', undefined, basicOf(username, 'wrong'))
    expect(said.status).toBe(429)
    expect(Number(said.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

describe('a cookie', () => {
  const devices = (u: string) => `${server.url}/api/2/devices/${u}.json`
  const opened = async (username: string, secret: string) => {
    const said = await ask(devices(username), 'GET', undefined, basicOf(username, secret))
    expect(said.status).toBe(200)
    return { cookie: said.headers.get('set-cookie')?.split(';')[0] ?? '' }
  }

  test('ends with log-out, in the browser that asked', async () => {
    const said = await client.call('POST', `/api/2/auth/${client.u}/logout.json`)
    expect(said.status).toBe(200)
    expect(said.headers.get('set-cookie')).toMatch(/^sessionid=; .*Max-Age=0$/)
  })

  test('is worth nothing once its app password is revoked', async () => {
    const { id, username } = await server.addUser()
    const { secret, revoke } = await appPasswordOf(server, id)
    const cookie = await opened(username, secret)
    expect((await ask(devices(username), 'GET', undefined, cookie)).status).toBe(200)
    await revoke()
    expect((await ask(devices(username), 'GET', undefined, cookie)).status).toBe(401)
  })

  test('of the account’s password is worth nothing once that is changed; one of an app password stays', async () => {
    const { id, username } = await server.addUser()
    const { secret } = await appPasswordOf(server, id)
    const [own, ofApp] = [await opened(username, password), await opened(username, secret)]
    await server.instance.accounts.setPassword(username, 'another long password')
    expect((await ask(devices(username), 'GET', undefined, own)).status).toBe(401)
    expect((await ask(devices(username), 'GET', undefined, ofApp)).status).toBe(200)
  })

  test('is worth nothing while its user is suspended', async () => {
    const { id, username } = await server.addUser()
    const { secret } = await appPasswordOf(server, id)
    const cookies = [await opened(username, password), await opened(username, secret)]
    await server.instance.accounts.suspend(username)
    for (const cookie of cookies) expect((await ask(devices(username), 'GET', undefined, cookie)).status).toBe(401)
  })
})

describe('devices', () => {
  const path = (device: string) => `/api/2/devices/${client.u}/${device}.json`

  test('are made and renamed, whatever the content type says, with empty answers', async () => {
    const made = await client.basic('POST', path('my.phone-1'), { caption: 'Phone', type: 'mobile' })
    expect(made).toMatchObject({ status: 200, text: '' })
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await client.basic('PUT', path('my.phone-1'), { caption: 'Pocket' }, form)).status).toBe(200)
    expect((await client.basic('POST', path('tv'), { type: 'fridge' })).status).toBe(200)
    const listed = await client.basic('GET', `/api/2/devices/${client.u}.json`)
    expect(listed.body).toHaveLength(2)
    expect(listed.body).toContainEqual({ id: 'my.phone-1', caption: 'Pocket', type: 'mobile', subscriptions: 0 })
    expect(listed.body).toContainEqual({ id: 'tv', caption: 'tv', type: 'other', subscriptions: 0 })
  })

  test('are made by an upload that names them, and are back after the next one when they were forgotten', async () => {
    const own = await startClient(server)
    const upload = (position: number) =>
      own.basic('POST', `/api/2/episodes/${own.u}.json`, [
        {
          podcast: 'https://feeds.example/a.xml',
          episode: 'https://media.example/1.mp3',
          action: 'play',
          device: 'walkman',
          position,
        },
      ])
    const listed = async () => (await own.basic('GET', `/api/2/devices/${own.u}.json`)).body
    const app = await server.allow(own.user)
    for (const position of [1, 2]) {
      await upload(position)
      expect(await listed()).toMatchObject([{ id: 'walkman' }])
      const { body } = await app.call('GET', '/devices')
      const { id } = body.devices.find((device: { device_id: string }) => device.device_id === 'walkman')
      expect((await app.call('DELETE', `/devices/${id}`)).status).toBeLessThan(300)
      expect(await listed()).toEqual([])
    }
  })

  test('are refused with a name that is none, or a body that is no JSON', async () => {
    expect((await client.basic('POST', path('a%20b'), {})).status).toBe(400)
    expect((await client.basic('POST', path('tv'), 'caption')).status).toBe(400)
    expect((await client.basic('POST', path('tv'), { caption: 7 })).status).toBe(400)
  })
})
