import { randomUUID } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { type Operation, operationsOf } from '../../openapi/document.ts'
import { type App, feedId, itemId, type Reply } from '../../support/instance.ts'
import { startTwoServers } from '../../support/two-servers.ts'
import { commonNames, documentOf, everythingShown, namesOf, type Settled, settle } from './belongings.ts'
import { headersOf, isWrite, type Names, nameOf, type Request, requestOf, send } from './requests.ts'

// The tests are made of the document, so the servers that give it must run before they are.
const { here, there, close } = await startTwoServers()
afterAll(close)
const document = await documentOf(here)
const writes = operationsOf(document).filter(isWrite)
const scopes = ['*', ...new Set(writes.flatMap((operation) => operation['x-scope'] ?? []))]

/**
 * Names with which an order changes something: what is deleted is there, what is added is not, and what is made gets
 * an id of its own.
 */
function effectual(of: Settled, order: Operation): Names {
  const [feed, item] = order.method === 'delete' ? [of.feed, of.item] : [of.spareFeed, of.spareItem]
  const newFeed = feedId(`https://feeds.example/${randomUUID()}.xml`)
  const newItem = itemId(randomUUID(), `https://media.example/${randomUUID()}.mp3`)
  const known = namesOf(of)
  return (place) => {
    const { operation, name, within } = place
    const makes = operation.method === 'post' && (within === operation.path || operation.path === '/sync')
    if (makes && name === 'id') return randomUUID()
    if (makes && /^\/(?:subscriptions|saves)$/.test(within)) return commonNames(name, newFeed, newItem) ?? known(place)
    return commonNames(name, feed, item) ?? known(place)
  }
}

/** Orders for which there is nothing to do while all is well. */
const nothingToDo = new Set(['POST /admin/followers/{name}/retry', 'POST /admin/jobs/{job}/retry'])
/** Orders whose effect no answer shows, or only far down a list of everybody. */
const unseen = new Set(['POST /admin/users', 'PATCH /admin/users/{id}', 'POST /admin/users/{id}/password'])

/** The same order in another body, or where it has none, with another query. */
const another = (request: Request): Request => {
  const { path, body } = request
  if (body === undefined) return { ...request, path: `${path}${path.includes('?') ? '&' : '?'}another=true` }
  return { ...request, body: typeof body === 'string' ? `${body} ` : { ...(body as object), another: true } }
}

/** What a listener is shown, without what differs between listeners who did the same: names, times, their order. */
const shape = (shown: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(shown).map(([question, text]) => [
      question,
      `${text.slice(0, 3)} ${plain(JSON.parse(text.slice(4)))}`,
    ]),
  )

function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plain).toSorted().join()}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value).map(([key, of]) => `${key}: ${own.test(key) ? typeof of : plain(of)}`)}}`
  const lines = String(value)
    .replaceAll(uuid, 'an id')
    .replaceAll(time, 'a time')
    .replaceAll(person, 'Podcasts of somebody')
  return lines.split('\n').toSorted().join('\n')
}

const own = /^(?:(?:\w+_)?(?:id|token)|username|app|rss_.+|feed|item)$/
const uuid = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g
/** The title of an OPML file. */
const person = /Podcasts of \w+/g
const time = /\d{4}-\d\d-\d\dT[\d:.]+Z/g

/** Waits until what was brought in is in; answers how many imports there are. */
async function ended(app: App): Promise<number> {
  const states = async (): Promise<string[]> =>
    (await app.call('GET', '/subscriptions/import')).body.imports.map((one: { state: string }) => one.state)
  await expect.poll(states, { timeout: 20_000 }).not.toContain('waiting')
  await expect.poll(states, { timeout: 20_000 }).not.toContain('running')
  return (await states()).length
}

/** A new listener, and how to look at all they have. */
async function listener() {
  const settled = await settle(here, document, scopes)
  const app = await here.allow(settled.user, { scopes })
  return {
    settled,
    app,
    seen: async () => ({
      imports: await ended(app),
      shown: shape(await everythingShown(document, app, namesOf(settled))),
      events: (await here.instance.journal.head(app.user)).lastNumber,
    }),
  }
}

describe('the same Idempotency-Key, sent 20 times at once to two processes, has one effect and one answer, and with another body 409, by', () => {
  test.each(writes.map((operation) => [nameOf(operation), operation] as const))('%s', async (name, operation) => {
    const [once, often] = [await listener(), await listener()]
    const untouched = await often.seen()
    const single = requestOf(document, operation, effectual(once.settled, operation))
    const alone = await send(once.app, single)
    if (!nothingToDo.has(name)) expect(alone.status, JSON.stringify(alone.body)).toBeLessThan(300)

    const same = requestOf(document, operation, effectual(often.settled, operation))
    const headers = { 'idempotency-key': randomUUID() }
    const callHere = (request: Request) => send(often.app, request, { headers })
    const callThere = (request: Request) =>
      there(often.app, request.method, request.path, request.body, { ...headersOf(request), ...headers })
    const replies = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? callHere : callThere)(same)))
    expect(new Set(replies.map(said)).size).toBe(1)
    expect(replies[0]?.status).toBe(alone.status)

    const after = await often.seen()
    expect(after).toEqual(await once.seen())
    if (!nothingToDo.has(name) && !unseen.has(name)) expect(after).not.toEqual(untouched)

    for (const call of [callHere, callThere]) {
      expect(await call(another(same))).toMatchObject({ status: 409, body: { error_code: 'CONFLICT' } })
    }
    expect(await often.seen()).toEqual(after)
  })

  test('an order that is refused', async () => {
    const { app, seen } = await listener()
    const before = await seen()
    const headers = { 'idempotency-key': 'once' }
    const path = `/playlists/${randomUUID()}`
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        n % 2
          ? app.call('PATCH', path, { name: 'Nobody’s' }, { headers })
          : there(app, 'PATCH', path, { name: 'Nobody’s' }, headers),
      ),
    )
    expect(new Set(replies.map(said)).size).toBe(1)
    expect(replies[0]?.status).toBe(404)
    expect(await seen()).toEqual(before)
  })
})

const said = ({ status, body }: Reply) => `${status} ${JSON.stringify(body)}`
