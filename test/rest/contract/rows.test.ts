import { afterAll, describe, expect, test } from 'vitest'
import { operationsOf } from '../../openapi/document.ts'
import { startServer } from '../../support/instance.ts'
import { documentOf, namesOf, settle } from './belongings.ts'
import { nameOf, requestOf } from './requests.ts'

/** The rows of the contract's table: endpoint, scope and how often a minute. */
const rows = [
  ['POST /sync', 'user.sync', 30],
  ['POST /sync', 'user', 30],
  ['GET /subscriptions', 'user.subscriptions.read', 100],
  ['POST /subscriptions', 'user.subscriptions.write', 30],
  ['DELETE /subscriptions/{feed}', 'user.subscriptions.write', 30],
  ['GET /play', 'user.plays.read', 100],
  ['GET /play/{item}', 'user.plays.read', 100],
  ['POST /play', 'user.plays.write', 60],
  ['PUT /play/{item}/position', 'user.plays.write', 60],
  ['POST /episodes/{item}/save', 'user.plays.write', 60],
  ['DELETE /episodes/{item}/save', 'user.plays.write', 60],
  ['POST /episodes/{item}/share', 'user.plays.write', 60],
  ['DELETE /episodes/{item}/share', 'user.plays.write', 60],
  ['GET /playlists', 'user.playlists.read', 100],
  ['GET /playlists/{id}', 'user.playlists.read', 100],
  ['POST /playlists', 'user.playlists.write', 30],
  ['PATCH /playlists/{id}', 'user.playlists.write', 30],
  ['DELETE /playlists/{id}', 'user.playlists.write', 30],
  ['PUT /playlists/{id}/items', 'user.playlists.write', 30],
  ['POST /playlists/{id}/items', 'user.playlists.write', 30],
  ['DELETE /playlists/{id}/items/{item}', 'user.playlists.write', 30],
  ['GET /queue', 'user.playlists.read', 100],
  ['PUT /queue', 'user.playlists.write', 30],
  ['GET /collections', 'user.collections.read', 100],
  ['GET /collections/{id}', 'user.collections.read', 100],
  ['POST /collections', 'user.collections.write', 30],
  ['PATCH /collections/{id}', 'user.collections.write', 30],
  ['DELETE /collections/{id}', 'user.collections.write', 30],
  ['POST /collections/{id}/feeds', 'user.collections.write', 30],
  ['DELETE /collections/{id}/feeds/{feed}', 'user.collections.write', 30],
  ['PUT /collections/{id}/feeds', 'user.collections.write', 30],
  ['GET /privacy', 'user.privacy.read', 100],
  ['PUT /privacy', 'user.privacy.write', 30],
] as const

const server = await startServer({ rateLimits: true })
afterAll(() => server.close())
const document = await documentOf(server)
const operations = new Map(operationsOf(document).map((operation) => [nameOf(operation), operation]))

/** A listener, an app of theirs with these scopes, and a request for the operation. */
async function asking(name: string, scopes: readonly string[]) {
  const operation = operations.get(name)
  if (!operation) throw new Error(`the document has no ${name}`)
  const settled = await settle(server, document)
  const { method, path, body } = requestOf(document, operation, namesOf(settled), 'bare')
  const app = await server.allow(settled.user, { scopes })
  return { settled, app, ask: () => app.call(method, path, body) }
}

describe('the table of endpoints: scope · limit', () => {
  test.each(rows)('%s | %s · %i', async (name, scope, limit) => {
    const { ask } = await asking(name, [scope])
    const reply = await ask()
    expect(reply.status, JSON.stringify(reply.body)).toBeLessThan(300)
    expect(reply.headers.get('ratelimit-limit')).toBe(String(limit))
  })

  test.each(rows.filter(([, scope]) => scope !== 'user'))('%s without %s → 403 naming it', async (name, scope) => {
    const opposite = scope.endsWith('.read') ? scope.replace(/read$/, 'write') : scope.replace(/write$/, 'read')
    const { ask } = await asking(name, [opposite === scope ? 'user.plays' : opposite])
    const { status, body } = await ask()
    expect(status).toBe(403)
    expect(body).toMatchObject({ error_code: 'FORBIDDEN', error: expect.stringContaining(scope) })
  })

  test('GET /apps · DELETE /apps/:app_id | any token · 10', async () => {
    const { settled, app, ask } = await asking('GET /apps', ['user.privacy.read'])
    const { status, body, headers } = await ask()
    expect(status).toBe(200)
    expect(headers.get('ratelimit-limit')).toBe('10')
    const named = body.apps.map((each: { app_id: string }) => each.app_id)
    expect(named).toEqual(expect.arrayContaining([app.id, settled.app.id]))
    expect(await app.call('DELETE', `/apps/${settled.app.id}`)).toMatchObject({ status: 403 })
    const itself = await app.call('DELETE', `/apps/${app.id}`)
    expect(itself).toMatchObject({ status: 200, body: { status: 'success' } })
    expect(itself.headers.get('ratelimit-limit')).toBe('10')
    expect(await app.call('GET', '/apps')).toMatchObject({ status: 401 })
  })

  test.each(['*', 'user'])('DELETE /apps/:app_id of another app needs %s', async (scope) => {
    const { settled, app } = await asking('GET /apps', [scope])
    expect(await app.call('DELETE', `/apps/${settled.app.id}`)).toMatchObject({ status: 200 })
    expect(await settled.app.call('GET', '/apps')).toMatchObject({ status: 401 })
  })
})

describe('Limits are per minute and user; each limited answer carries RateLimit-* headers', () => {
  test('on success, on a refusal and on a wrong request alike', async () => {
    const app = await server.allow(await server.addUser())
    const replies = [
      await app.call('GET', '/play'),
      await app.call('GET', '/play?limit=0'),
      await app.call('DELETE', '/playlists/00000000-0000-4000-8000-000000000000'),
      await app.call('POST', '/play', {}),
    ]
    expect(replies.map((reply) => reply.status)).toEqual([200, 400, 404, 400])
    for (const { headers } of replies) {
      for (const name of ['limit', 'remaining', 'reset', 'policy']) expect(headers.has(`ratelimit-${name}`)).toBe(true)
    }
  })
})
