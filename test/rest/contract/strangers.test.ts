import { afterAll, describe, expect, test } from 'vitest'
import { scopes } from '../../../src/accounts/scopes.ts'
import { type Operation, operationsOf } from '../../openapi/document.ts'
import { type App, type Reply, startServer } from '../../support/instance.ts'
import { documentOf, everythingShown, namesOf, secretsOf, settle } from './belongings.ts'
import { isWrite, nameOf, type Request, requestOf, send } from './requests.ts'

// The tests are made of the document, so the server that gives it must run before they are.
const server = await startServer()
afterAll(() => server.close())
const document = await documentOf(server)
const operations = operationsOf(document)
const table = operations.map((operation) => [nameOf(operation), operation] as const)

/** Whose ids everybody tries. */
const alice = await settle(server, document)
const names = namesOf(alice)
const observer = await server.allow(alice.user)

/** The listener's other apps: each may do all but what one scope opens. */
const narrow = new Map<string, App>()
for (const wanted of new Set(operations.map(scopeOf))) {
  const granted = scopes.filter((scope) => !scope.startsWith('admin.') && !opens(scope, wanted))
  narrow.set(wanted, await server.allow(alice.user, { scopes: granted }))
}

const nobody = await server.allow(await server.addUser())
const secrets = await secretsOf(
  server,
  document,
  alice,
  await everythingShown(document, observer, names),
  await everythingShown(document, nobody, names),
)
const before = await alicesState()

function scopeOf(operation: Operation): string {
  return operation['x-scope']?.join(' ') ?? ''
}

/** Whether a grant of `scope` opens one of `wanted`, by the words of the contract: itself, a parent, a wildcard. */
function opens(scope: string, wanted: string): boolean {
  return wanted.split(' ').some((each) => {
    const verb = each.split('.').at(-1)
    const wildcards = ['*', `*.${verb}`, 'user.*', `user.*.${verb}`]
    return each !== '' && [...wildcards, each].some((parent) => scope === parent || each.startsWith(`${scope}.`))
  })
}

/** All that may not change. */
async function alicesState() {
  return {
    shown: await everythingShown(document, observer, names),
    head: await server.instance.journal.head(alice.user.id),
  }
}

/** With all that can be said, with as little as can be, and a sync by time, which needs no token of one's own. */
function requests(operation: Operation): readonly Request[] {
  const byTime: typeof names = (place) => (place.name === 'last_sync' ? '2026-01-01T00:00:00Z' : names(place))
  return [
    requestOf(document, operation, names),
    requestOf(document, operation, byTime),
    requestOf(document, operation, names, 'bare'),
  ]
}

/** What an answer tells of Alice that the request did not say itself. */
function leaked({ body, headers }: Reply, request: Request): string[] {
  const text = decodeURIComponent(JSON.stringify(request))
  const named = [alice.feed, alice.item].filter((name) => text.includes(name))
  const said = [text, ...named.map((name) => Buffer.from(name, 'base64url').toString())].join(' ')
  const told = `${JSON.stringify(body)} ${JSON.stringify([...headers])}`
  return [...secrets].filter((secret) => told.includes(secret) && !said.includes(secret))
}

/** What these tell is the instance's, everybody's, or what feeds say, of which none is read here. */
const nobodys = ['/admin', '/public', '/metadata', '/rss/proxy', '/search']

test('there is something to read and to change in every answer of the listener’s own', () => {
  expect(secrets.size).toBeGreaterThan(15)
  for (const [name, text] of Object.entries(before.shown)) {
    const own = [...secrets].some((secret) => text.includes(secret))
    expect(`${name}: ${own || nobodys.some((part) => name.includes(part))}`).toBe(`${name}: true`)
  }
})

describe('another listener’s app that may do everything, given these ids, reads and changes nothing by', () => {
  test.each(table)('%s', async (_, operation) => {
    for (const request of requests(operation)) {
      const bob = await server.allow(await server.addUser())
      const reply = await send(bob, request)
      expect(leaked(reply, request)).toEqual([])
      expect(reply.status).not.toBe(401)
      // 502 tells of a feed's own server.
      if (reply.status !== 502) expect(reply.status).toBeLessThan(500)
      // An id in the path is somebody's own, unlike a feed or an item, which is anybody's.
      if (/\{(?:\w+_)?id\}/.test(operation.path)) expect([403, 404]).toContain(reply.status)
    }
    expect(await alicesState()).toEqual(before)
  })
})

/** What everybody may read asks nobody who they are. */
const needsToken = ([, operation]: (typeof table)[number]) => operation.security.length > 0

describe('another listener’s app that says it speaks for this one is refused by', () => {
  test.each(table.filter(needsToken))('%s', async (_, operation) => {
    for (const request of requests(operation)) {
      const reply = await send(nobody, request, { claims: { sub: alice.user.id } })
      expect(reply).toMatchObject({ status: 401, body: { error_code: 'UNAUTHORIZED' } })
      expect(leaked(reply, request)).toEqual([])
    }
    expect(await alicesState()).toEqual(before)
  })
})

describe('an app of the same listener that was granted all but what this needs is refused by', () => {
  test.each(table.filter(([, operation]) => scopeOf(operation) !== ''))('%s', async (_, operation) => {
    const app = narrow.get(scopeOf(operation)) as App
    for (const request of requests(operation)) {
      const reply = await send(app, request)
      expect(reply).toMatchObject({ status: 403, body: { error_code: 'FORBIDDEN' } })
      expect(leaked(reply, request)).toEqual([])
    }
    expect(await alicesState()).toEqual(before)
  })
})

describe('an app of the same listener that was granted nothing over the account changes nothing by', () => {
  test.each(table.filter(([, operation]) => scopeOf(operation) === '' && isWrite(operation)))(
    '%s',
    async (_, operation) => {
      const app = await server.allow(alice.user, { id: 'narrow.app', scopes: ['user.plays.read'] })
      const beforehand = await alicesState()
      for (const request of requests(operation)) {
        expect(await send(app, request)).toMatchObject({ status: 403 })
      }
      expect(await alicesState()).toEqual(beforehand)
    },
  )
})
