import { randomUUID } from 'node:crypto'
import { get } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, startServer, type TestServer } from '../support/instance.ts'

let server: TestServer
let app: App
beforeAll(async () => {
  server = await startServer()
  app = await server.allow(await server.addUser())
})
afterAll(() => server.close())

test('/.well-known/balados-sync tells any page the API’s base, versions, scopes, play domain and features', async () => {
  const answer = await fetch(`${server.url}/.well-known/balados-sync`, { headers: { Origin: 'https://app.example' } })
  expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  expect(answer.headers.get('content-type')).toContain('application/json')
  expect(await answer.json()).toMatchObject({
    software: { name: 'balados-sync' },
    api: { v1: `${server.url}/api/v1` },
    versions: ['v1'],
    openapi: `${server.url}/api/openapi.json`,
    scopes: expect.arrayContaining(['user.sync', '*.read', 'admin.write']),
    play_domain: null,
    features: expect.arrayContaining(['sync']),
  })
})

describe('answers of the API', () => {
  const raw = (path: string, headers: Record<string, string>) =>
    new Promise<{ encoding: string | undefined; body: Buffer }>((resolve, reject) => {
      get(`${server.url}${path}`, { headers }, (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part) => parts.push(part))
        answer.on('end', () => resolve({ encoding: answer.headers['content-encoding'], body: Buffer.concat(parts) }))
      }).on('error', reject)
    })

  test('are packed for who accepts it, large ones only', async () => {
    const large = await raw('/api/openapi.json', { 'Accept-Encoding': 'gzip' })
    expect(large.encoding).toBe('gzip')
    expect(JSON.parse(gunzipSync(large.body).toString()).openapi).toBe('3.1.0')
    expect((await raw('/api/openapi.json', {})).encoding).toBeUndefined()
    const small = await raw('/api/v1/apps', { 'Accept-Encoding': 'gzip', Authorization: app.bearer() })
    expect(small.encoding).toBeUndefined()
  })

  test('never for pages, whose forms hold a secret beside echoed text', async () => {
    expect((await raw('/users/log_in?return_to=/', { 'Accept-Encoding': 'gzip, br' })).encoding).toBeUndefined()
  })

  test('say when they are given again to the same Idempotency-Key', async () => {
    const headers = { 'Idempotency-Key': randomUUID() }
    const make = () => app.call('POST', '/collections', { title: 'Morning' }, { headers })
    const first = await make()
    const again = await make()
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect([again.status, again.body]).toEqual([first.status, first.body])
  })
})
