import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto'
import { defaultCollectionOf, queueOf } from '../../src/podcast/fixed-ids.ts'
import { type App, signed, startServer, type TestServer } from '../support/instance.ts'
import { type ApiDocument, type Judge, judgeOf, type Operation, operationsOf } from './document.ts'
import { episodes, feeds } from './names.ts'
import { type Answer, type Wire, wireTo } from './wire.ts'

/** The ids a listener has or could have. */
export interface Ids {
  readonly playlists: readonly string[]
  readonly collections: readonly string[]
  readonly queue: string
  readonly home: string
  /** Of devices, in the server's words; each is there until it is forgotten. */
  readonly devices: readonly string[]
  /** What the listener's requests may mint. */
  readonly fresh: readonly string[]
}

/** Somebody whose requests are made up, and the apps that make them. */
export interface Listener {
  readonly user: App['user']
  readonly ids: Ids
  /** What the app was granted. */
  readonly scopes: readonly string[]
  /** The app that speaks; another one after it revoked itself. */
  app: App
  /** Apps of the same listener that nobody speaks through. */
  readonly spares: readonly App[]
  /** May do the opposite of what it asks. */
  readonly narrow: App
  /** Tokens of syncs long past. */
  readonly cursors: readonly string[]
}

export interface World {
  readonly server: TestServer
  readonly wire: Wire
  readonly document: ApiDocument
  readonly judge: Judge
  readonly operations: readonly Operation[]
  /** Never makes a request while others do; nothing of theirs may change. */
  readonly bystander: Listener
  close(): Promise<void>
}

export async function openWorld(layout: 'one' | 'three' = 'one'): Promise<World> {
  const server = await startServer({ layout })
  const wire = wireTo(server.url)
  const served = await wire.send({ method: 'get', target: '/api/openapi.json', headers: {} })
  const document = JSON.parse(served.text) as ApiDocument
  return {
    server,
    wire,
    document,
    judge: judgeOf(document),
    operations: operationsOf(document),
    bystander: await settle(server),
    close: async () => {
      wire.close()
      await server.close()
    },
  }
}

const uuids = (n: number): string[] => Array.from({ length: n }, () => randomUUID())

/** A new listener who has some of everything. `scopes` are what the app may do beyond everything. */
export async function settle(server: TestServer, scopes: readonly string[] = []): Promise<Listener> {
  const user = await server.addUser()
  if (scopes.some((scope) => scope.startsWith('admin.'))) {
    await server.fresh.stores.system.pool.query('update system.users set is_admin = true where id = $1', [user.id])
  }
  const granted = ['*', ...scopes]
  const app = await server.allow(user, { scopes: granted })
  const [p1 = '', p2 = '', c1 = '', c2 = ''] = uuids(4)
  const ids = {
    playlists: [p1, p2],
    collections: [c1, c2],
    queue: queueOf(user.id),
    home: defaultCollectionOf(user.id),
  }
  const at = (minutes: number) => new Date(Date.now() - 3_600_000 + minutes * 60_000).toISOString()
  const named = ({ feed, item }: (typeof episodes)[number]) => ({ rss_source_feed: feed, rss_source_item: item })
  const listed = (from: number, to: number) => episodes.slice(from, to).map(named)
  const first = await app.call('POST', '/sync', {
    changes: {
      subscriptions: feeds.slice(0, 4).map((feed, n) => ({ rss_source_feed: feed, subscribed_at: at(n) })),
      plays: listed(0, 9).map((name, n) => ({ ...name, position: n * 60, played: n % 3 === 0, updated_at: at(n) })),
      playlists: [
        { id: p1, name: 'Long drives', is_public: true, updated_at: at(1), items: listed(0, 5) },
        { id: p2, name: 'Später 🎧', description: 'for later', updated_at: at(2), items: listed(4, 6) },
        { kind: 'queue', updated_at: at(3), items: listed(2, 4) },
      ],
      collections: [
        { id: c1, title: 'News', color: '#aabbcc', updated_at: at(4), feeds: feeds.slice(0, 2) },
        { id: c2, title: 'Stories', updated_at: at(5), feeds: feeds.slice(1, 3) },
      ],
      privacy: [
        { privacy: 'public', updated_at: at(6) },
        { feed: feeds[0], privacy: 'anonymous', updated_at: at(7) },
        { feed: episodes[0]?.feed, item: episodes[0]?.item, privacy: 'private', updated_at: at(8) },
      ],
      saves: listed(0, 3).map((name, n) => ({ ...name, saved: n !== 1, updated_at: at(n) })),
    },
  })
  const share = await app.call('POST', `/episodes/${episodes[0]?.item}/share?feed=${episodes[0]?.feed}`, {
    comment: 'Listen to this',
  })
  const second = await app.call('POST', '/sync', { changes: {} })
  if (first.status !== 200 || first.body.rejected.length > 0 || share.status !== 200 || second.status !== 200)
    throw new Error(`a listener could not be set up: ${JSON.stringify([first, share, second])}`)
  const devices: string[] = []
  for (const name of ['phone', 'tablet', 'car', 'kitchen', 'watch', 'desk'])
    devices.push((await app.on(name).call('GET', '/me')).body.device.id)
  return {
    user: user.id,
    scopes: granted,
    ids: { ...ids, devices, fresh: uuids(5) },
    app,
    spares: [await server.allow(user), await server.allow(user)],
    narrow: await server.allow(user, { scopes: opposite(scopes) }),
    cursors: [first.body.sync_token, second.body.sync_token],
  }
}

/** Scopes that are close to the wanted ones and grant none of them. */
function opposite(wanted: readonly string[]): string[] {
  const near = wanted.flatMap((scope) => {
    if (scope.endsWith('.read')) return [scope.replace(/\.read$/, '.write')]
    return scope.endsWith('.write') ? [scope.replace(/\.write$/, '.read')] : []
  })
  const implies = (scope: string) => wanted.some((each) => each === scope || each.startsWith(`${scope}.`))
  return [...near, 'user.plays', 'user.privacy'].filter((scope) => !implies(scope))
}

/** Everything a sync has to tell, byte by byte. */
export async function fullSync({ server, wire }: World, { app }: Listener): Promise<Answer> {
  const headers = { authorization: app.bearer(), 'content-type': 'application/json' }
  const { pathname } = new URL(`${server.url}/api/v1/sync`)
  return wire.send({ method: 'post', target: pathname, headers, body: Buffer.from('{"changes":{}}') })
}

const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Ways to fail at saying who one is: each an `Authorization` header, null for none. */
export const badTokens = {
  none: () => null,
  empty: () => '',
  scheme: () => 'Basic bGlzdGVuZXI6c2VjcmV0',
  'no token': () => 'Bearer',
  garbage: () => 'Bearer ....',
  bytes: () => 'Bearer \u00ff\u00fe.\u00e9.\u00e8',
  'not json': () => `Bearer ${Buffer.from('{').toString('base64url')}.e30.AA`,
  long: () => `Bearer ${'a'.repeat(9000)}`,
  expired: ({ app }) => app.bearer({ iat: seconds() - 7200, exp: seconds() - 3600 }),
  'from the future': ({ app }) => app.bearer({ iat: seconds() + 600, exp: seconds() + 1200 }),
  'for ever': ({ app }) => app.bearer({ exp: seconds() + 90_000 }),
  'no end': ({ app }) => app.bearer({ exp: undefined }),
  'end of a kind': ({ app }) => app.bearer({ exp: '2099' }),
  'for another server': ({ app }) => app.bearer({ aud: 'https://elsewhere.example' }),
  'a strange device': ({ app }) => app.bearer({ device_id: { $ne: null } }),
  nobody: ({ app }) => app.bearer({ sub: randomUUID() }),
  'an object for a user': ({ app }) => app.bearer({ sub: { id: app.user } }),
  'an unknown app': ({ app }) => app.bearer({ iss: "x' or '1'='1" }),
  'another user': ({ app }, bystander) => app.bearer({ sub: bystander.user }),
  'another key': ({ app }) => `Bearer ${signed(claims(app), stranger)}`,
  'no signature': ({ app }) => `${app.bearer().split('.').slice(0, 2).join('.')}.`,
  'alg none': ({ app }) => `Bearer ${part({ alg: 'none' })}.${part(claims(app))}.`,
  'alg HS256': ({ app }) => {
    const input = `${part({ alg: 'HS256' })}.${part(claims(app))}`
    return `Bearer ${input}.${createHmac('sha256', app.id).update(input).digest('base64url')}`
  },
  'alg of another kind of key': ({ app }) => {
    const [, payload, signature] = app.bearer().replace('Bearer ', '').split('.')
    return `Bearer ${part({ alg: 'ES256' })}.${payload}.${signature}`
  },
  'a critical extension': ({ app }) => {
    const [, payload, signature] = app.bearer().replace('Bearer ', '').split('.')
    return `Bearer ${part({ alg: 'RS256', b64: false, crit: ['b64'] })}.${payload}.${signature}`
  },
} satisfies Record<string, (listener: Listener, bystander: Listener) => string | null>

export type BadToken = keyof typeof badTokens

const seconds = () => Math.floor(Date.now() / 1000)
const claims = (app: App) => ({ iss: app.id, sub: app.user, iat: seconds(), exp: seconds() + 3600 })
