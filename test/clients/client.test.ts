import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  authorizationUrl,
  BaladosError,
  createClient,
  createKeyPair,
  episodeNames,
  exportKeyPair,
  feedName,
  feedUrl,
  importKeyPair,
  itemName,
  itemParts,
  readRedirect,
  serverTime,
} from '../../clients/typescript/src/index.ts'
import { allowInBrowser } from '../../examples/client/person.ts'
import { type App, password, startServer, type TestServer } from '../support/instance.ts'
import { client, episode, feed } from './gadgets.ts'

let server: TestServer
let app: App

beforeAll(async () => {
  server = await startServer()
})
beforeEach(async () => {
  app = await server.allow(await server.addUser())
})
afterAll(() => server.close())

/** What a client sent. */
interface Sent {
  readonly url: string
  readonly key: string | null
  readonly token: string | null
}

/** A `fetch` that notes what goes out, and lets `spoil` answer, or fail, in the server's place. */
function watched(spoil: (turn: number, send: () => Promise<Response>) => Promise<Response> = (_, send) => send()) {
  const sent: Sent[] = []
  const through: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers)
    sent.push({ url: String(input), key: headers.get('idempotency-key'), token: headers.get('authorization') })
    return spoil(sent.length, () => fetch(input, init))
  }
  return { sent, fetch: through }
}

const play = (n: number, position: number) => ({ ...episodeNames(episode(n)), position, played: false })

describe('being allowed', () => {
  test('an app makes a key pair, asks, is allowed, and calls; the exported pair does so as well', async () => {
    const { username } = await server.addUser()
    for (const algorithm of ['ES256', 'RS256', 'PS256', 'EdDSA'] as const) {
      const mine = { id: 'org.example.mine', name: 'Mine', keys: await createKeyPair(algorithm) }
      const asked = { server: server.url, app: mine, scopes: ['user'], redirectUri: 'org.example.mine:/allowed' }
      const url = await authorizationUrl({ ...asked, state: 'of my own', now: await serverTime(server.url) })
      const grant = readRedirect(await allowInBrowser(url, { username, password }), 'of my own')
      expect(grant).toMatchObject({ username, instance: server.url })
      const kept = { ...mine, keys: await importKeyPair(await exportKeyPair(mine.keys)) }
      for (const one of [mine, kept]) {
        const { apps } = await createClient({ app: one, grant }).apps()
        expect(apps).toMatchObject([{ app_id: 'org.example.mine', scopes: ['user'] }])
      }
    }
  })

  test('a redirect of another state, or one that says no, is not taken for being allowed', () => {
    const back = 'org.example.mine:/allowed?state=s&error=access_denied'
    expect(() => readRedirect(back, 'another')).toThrow(expect.objectContaining({ code: 'NOT_ALLOWED' }))
    expect(() => readRedirect(back, 's')).toThrow('The app was not allowed: access_denied.')
  })

  test('a key pair that is not to be extracted signs, and is not exported', async () => {
    await expect(exportKeyPair(await createKeyPair('ES256', false))).rejects.toThrow()
  })
})

test('names of podcasts and episodes say what they were made of', () => {
  expect(feedUrl(feedName('https://feeds.example/ünï.rss'))).toBe('https://feeds.example/ünï.rss')
  const parts = { guid: 'tag:host,2005:1', enclosureUrl: 'https://media.example/1.mp3?a=1,2' }
  expect(itemParts(itemName(parts.guid, parts.enclosureUrl))).toEqual(parts)
  expect(itemParts(itemName(null, 'https://media.example/1.mp3')).guid).toBe('')
})

describe('request tokens', () => {
  test('one token serves many calls', async () => {
    const { sent, fetch } = watched()
    const mine = await client(server.url, app, { fetch })
    await mine.subscriptions()
    await mine.queue()
    await mine.saveEpisode({ item: episodeNames(episode(1)).rss_source_item, feed: feed(1) })
    expect(new Set(sent.map(({ token }) => token)).size).toBe(1)
  })

  test('a token that expired in the middle is renewed once, and the call goes on under its key', async () => {
    // The device slept: its clock stood still, and the token in its hand is of an hour ago.
    let asleep = 3_600_000
    const { sent, fetch } = watched()
    const mine = await client(server.url, app, { fetch, clock: () => Date.now() - asleep })
    await mine.recordPlay(play(1, 10))
    asleep = 7_200_000
    await mine.recordPlay(play(1, 20))
    expect((await mine.plays({ limit: 1 })).play_statuses[0]?.position).toBe(20)
    const keys = sent.map(({ key }) => key)
    expect(keys).toEqual([keys[0], keys[0], keys[2], keys[2], null])
    expect(keys[0]).not.toBe(keys[2])
  })

  test.each([86_400_000, -86_400_000])(
    'a clock that is wrong by %d ms is corrected by what the server says',
    async (wrong) => {
      const { sent, fetch } = watched()
      const mine = await client(server.url, app, { fetch, clock: () => Date.now() + wrong })
      await mine.subscriptions()
      await mine.subscriptions()
      expect(sent).toHaveLength(3)
    },
  )

  test('an app that is not allowed asks twice, then says so', async () => {
    const { sent, fetch } = watched()
    const mine = await client(server.url, app, { fetch })
    await mine.revokeApp({ app_id: app.id })
    await expect(mine.subscriptions()).rejects.toMatchObject({ status: 401, code: 'UNAUTHORIZED', isPassing: false })
    expect(sent).toHaveLength(3)
  })
})

describe('writes and their keys', () => {
  test('20 calls at once under one key have one effect and one answer', async () => {
    const mine = await client(server.url, app)
    const idempotencyKey = randomUUID()
    const made = await Promise.all(
      Array.from({ length: 20 }, () => mine.createPlaylist({ name: 'Once' }, { idempotencyKey })),
    )
    expect(new Set(made.map(({ id }) => id)).size).toBe(1)
    expect((await mine.playlists()).playlists).toHaveLength(1)
  })

  test('a write whose answer is lost is sent again under its key, and has one effect', async () => {
    const { sent, fetch } = watched(async (turn, send) => {
      const answer = await send()
      if (turn < 3) throw new TypeError('the answer was lost')
      return answer
    })
    const mine = await client(server.url, app, { fetch })
    await mine.createPlaylist({ name: 'Once' })
    expect(new Set(sent.map(({ key }) => key)).size).toBe(1)
    expect(sent).toHaveLength(3)
    expect((await mine.playlists()).playlists).toHaveLength(1)
  })

  test('a server that is down for a moment is asked again, after what it says', async () => {
    const { sent, fetch } = watched(async (turn, send) =>
      turn === 1 ? new Response('<h1>Bad Gateway</h1>', { status: 502, headers: { 'retry-after': '1' } }) : send(),
    )
    const mine = await client(server.url, app, { fetch })
    const before = Date.now()
    await mine.recordPlay(play(1, 10))
    expect(Date.now() - before).toBeGreaterThanOrEqual(1_000)
    expect(sent[0]?.key).toBe(sent[1]?.key)
  })

  test('what is wrong with a request is not sent again', async () => {
    const { sent, fetch } = watched()
    const mine = await client(server.url, app, { fetch })
    const wrong = mine.recordPlay(play(1, -1))
    await expect(wrong).rejects.toBeInstanceOf(BaladosError)
    await expect(wrong).rejects.toMatchObject({
      status: 400,
      code: 'VALIDATION_ERROR',
      details: [{ path: 'position', message: expect.any(String) }],
      retryAfter: null,
    })
    expect(sent).toHaveLength(1)
  })
})

describe('time', () => {
  test('a server that does not answer is given up after the timeout', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const { port } = silent.address() as { port: number }
    const mine = await client(`http://127.0.0.1:${port}`, app, { timeout: 200, retries: 1 })
    await expect(mine.subscriptions()).rejects.toMatchObject({ status: 0, code: 'TIMEOUT', isPassing: true })
    const reason = new Error('the person went elsewhere')
    const stop = new AbortController()
    const call = mine.subscriptions({}, { signal: stop.signal, timeout: 60_000 })
    setTimeout(() => stop.abort(reason), 50)
    await expect(call).rejects.toBe(reason)
    silent.close()
  })

  test('a call is given up while it waits to be sent again', async () => {
    const { sent, fetch } = watched(async () => new Response('', { status: 503, headers: { 'retry-after': '50' } }))
    const mine = await client(server.url, app, { fetch })
    const signal = AbortSignal.timeout(300)
    await expect(mine.subscriptions({}, { signal })).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(sent).toHaveLength(1)
  })

  test('a server that asks for more patience than a call has is left to the app', async () => {
    const { fetch } = watched(async () => new Response('', { status: 503, headers: { 'retry-after': '3600' } }))
    const mine = await client(server.url, app, { fetch })
    await expect(mine.subscriptions()).rejects.toMatchObject({ status: 503, code: 'HTTP_503', retryAfter: 3600 })
  })

  test('what is no Balados Sync server is called so', async () => {
    const { fetch } = watched(async () => new Response('<h1>Welcome</h1>'))
    await expect((await client(server.url, app, { fetch })).apps()).rejects.toMatchObject({ code: 'BAD_ANSWER' })
  })
})

test('a call that came once too often waits as long as the server says', async () => {
  const limited = await startServer({ rateLimits: true })
  try {
    const { sent, fetch } = watched()
    const mine = await client(limited.url, await limited.allow(await limited.addUser()), { fetch })
    for (let call = 0; call < 10; call++) await mine.apps()
    await expect(mine.apps({}, { retries: 0 })).rejects.toMatchObject({
      status: 429,
      code: 'RATE_LIMIT_EXCEEDED',
      retryAfter: expect.any(Number),
    })
    // A minute is long for a test: let this one be over in two seconds.
    const until = Date.now() + 2_000
    await limited.fresh.stores.system.pool.query('update system.rate_limits set expire = $1', [until])
    await expect(mine.apps()).resolves.toBeDefined()
    expect(Date.now()).toBeGreaterThanOrEqual(until)
    expect(sent).toHaveLength(13)
  } finally {
    await limited.close()
  }
})

test('an operation that the client has no method for can be asked for all the same', async () => {
  const mine = await client(server.url, app)
  await expect(mine.request({ method: 'GET', path: '/queue' })).resolves.toMatchObject({ kind: 'queue' })
})
