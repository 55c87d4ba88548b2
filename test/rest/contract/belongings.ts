import { randomUUID } from 'node:crypto'
import { scopes } from '../../../src/accounts/scopes.ts'
import { decodeFeed, decodeItem } from '../../../src/podcast/names.ts'
import { type ApiDocument, operationsOf } from '../../openapi/document.ts'
import { type App, feedId, itemId, type TestServer } from '../../support/instance.ts'
import { isWrite, type Names, nameOf, requestOf, send } from './requests.ts'

/** The document as the running server gives it. */
export async function documentOf(server: TestServer): Promise<ApiDocument> {
  return (await (await fetch(`${server.url}/api/openapi.json`)).json()) as ApiDocument
}

/** A listener with one of everything that the API can hold. */
export interface Settled {
  readonly user: { readonly id: App['user']; readonly username: string }
  readonly app: App
  /** In every list, and beside it one that is followed and played but in none. */
  readonly feed: string
  readonly item: string
  readonly spareFeed: string
  readonly spareItem: string
  /** What the items of each list go by: an id of `/playlists`. */
  readonly ids: ReadonlyMap<string, string>
  readonly syncToken: string
}

/** What the API calls by other names than an id, wherever it stands. */
export const commonNames = (name: string, feed: string, item: string): string | undefined => {
  if (/^(?:rss_source_)?feeds?$/.test(name)) return feed
  if (/^(?:rss_source_)?items?$/.test(name)) return item
  if (name === 'username') return `u${randomUUID().replaceAll('-', '').slice(0, 12)}`
  if (name === 'email') return `${randomUUID()}@example.org`
  if (name === 'job') return '1'
  return name === 'color' ? '#a1b2c3' : undefined
}

/** The names of a listener's own things, as anybody would put them into a request. */
export const namesOf =
  ({ feed, item, ids, syncToken, user }: Pick<Settled, 'feed' | 'item' | 'ids' | 'syncToken' | 'user'>): Names =>
  ({ operation, name, within }) => {
    if (name === 'last_sync') return syncToken
    const common = commonNames(name, feed, item)
    if (common !== undefined) return common
    const forAdmins = operation['x-scope']?.some((scope) => scope.startsWith('admin.'))
    // What only admins name, a follower or a job, is nobody's own.
    if (forAdmins && operation.path.startsWith(`${within}/{${name}}`)) return ids.get(within) ?? user.id
    return /(?:^|_)id$/.test(name) ? ids.get(within) : undefined
  }

/** A new listener and all that the document lets them have; an admin where `scopes` name administration. */
export async function settle(
  server: TestServer,
  document: ApiDocument,
  scopes: readonly string[] = ['*'],
): Promise<Settled> {
  const user = await server.addUser()
  if (scopes.some((scope) => scope.startsWith('admin.')))
    await server.fresh.stores.system.pool.query('update system.users set is_admin = true where id = $1', [user.id])
  const app = (await server.allow(user, { scopes })).on(`phone-${randomUUID()}`)
  await server.allow(user, { id: `other.app.${randomUUID()}` })
  const [feed = '', spareFeed = ''] = [1, 2].map(() => feedId(`https://feeds.example/${randomUUID()}.xml`))
  const [item = '', spareItem = ''] = [1, 2].map(() =>
    itemId(randomUUID(), `https://media.example/${randomUUID()}.mp3`),
  )
  const one = { rss_source_feed: feed, rss_source_item: item }
  const two = { rss_source_feed: spareFeed, rss_source_item: spareItem }
  const did = async (method: string, path: string, body?: object) => {
    const reply = await app.call(method, path, body)
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`)
    return reply.body
  }
  for (const { rss_source_feed } of [one, two])
    await did('POST', '/subscriptions', { rss_source_feed, rss_source_id: `label ${randomUUID()}` })
  for (const episode of [one, two]) await did('POST', '/play', { ...episode, position: 50, played: false })
  await did('POST', `/episodes/${item}/save?feed=${feed}`)
  await did('POST', `/episodes/${item}/share?feed=${feed}`, { comment: `Hear ${randomUUID()}` })
  await did('POST', '/playlists', { name: `List ${randomUUID()}`, description: `On ${randomUUID()}`, items: [one] })
  const { id } = await did('POST', '/collections', {
    title: `Shelf ${randomUUID()}`,
    description: `Of ${randomUUID()}`,
  })
  await did('POST', `/collections/${id}/feeds`, { rss_source_feed: feed })
  await did('PUT', '/queue', { items: [one] })
  await did('PUT', '/privacy', { privacy: 'anonymous', ...{ feed, item } })
  const { sync_token: syncToken } = await did('POST', '/sync', { changes: {} })
  const settled = { user, app, feed, item, spareFeed, spareItem, ids: new Map<string, string>(), syncToken }
  const ids = await idsOf(document, settled)
  // An admin is tried out on somebody who is in nobody's way.
  if (scopes.some((scope) => scope.startsWith('admin.'))) ids.set('/admin/users', (await server.addUser()).id)
  return { ...settled, ids }
}

/** An id from each list whose entries can be asked for one by one; where one is empty, something is put into it. */
async function idsOf(document: ApiDocument, settled: Settled): Promise<Map<string, string>> {
  const operations = operationsOf(document)
  const ids = new Map<string, string>()
  for (const { method, path } of operations) {
    const [, list, parameter] = path.match(/^([^{]+)\/\{((?:\w+_)?id)\}$/) ?? []
    if (list === undefined || parameter === undefined || ids.has(list) || method === 'post') continue
    const find = async () => {
      const { body } = await settled.app.call('GET', list)
      const entries = Object.values(body ?? {}).find(Array.isArray) ?? []
      const found: (string | undefined)[] = entries.map((entry) => entry[parameter] ?? entry.id)
      return found.findLast((each) => each !== settled.app.id)
    }
    const make = operations.find((each) => each.method === 'post' && each.path === list)
    let id = await find()
    if (id === undefined && make) {
      await send(settled.app, requestOf(document, make, namesOf({ ...settled, ids })))
      id = await find()
    }
    if (id !== undefined) ids.set(list, id)
  }
  return ids
}

/** What changes by being looked at, or by the clock: when an app was last used, how a device last synced, a file's date. */
const passing = (key: string, value: unknown) => {
  if (/^last_/.test(key)) return undefined
  return typeof value === 'string' ? value.replace(/<dateCreated>.*<\/dateCreated>/, '') : value
}

/** All that the API shows a listener, by every question of the document and a sync in full: the answers' texts. */
export async function everythingShown(
  document: ApiDocument,
  observer: App,
  names: Names,
): Promise<Readonly<Record<string, string>>> {
  const shown: Record<string, string> = {}
  for (const operation of operationsOf(document)) {
    if (isWrite(operation)) continue
    const { method, path } = requestOf(document, operation, names, 'bare')
    const { status, body } = await observer.call(method, path)
    shown[nameOf(operation)] = `${status} ${JSON.stringify(body, passing)}`
  }
  const { status, body } = await observer.call('POST', '/sync', { changes: {} })
  shown['a sync in full'] = `${status} ${JSON.stringify(body)}`
  return shown
}

const time = /^\d{4}-\d\d-\d\dT/

/**
 * What only this listener's answers say: ids, names, titles, words, none of them an id of the catalog, which everybody
 * shares, nor what somebody with nothing is told too, nor a word of the document.
 */
export async function secretsOf(
  server: TestServer,
  document: ApiDocument,
  { user, app, feed, item, spareFeed, spareItem }: Settled,
  shown: Readonly<Record<string, string>>,
  toNobody: Readonly<Record<string, string>>,
): Promise<ReadonlySet<string>> {
  const { catalog } = server.instance
  const podcasts = await Promise.all([feed, spareFeed].map((each) => catalog.knownPodcast(decodeFeed(each) ?? '')))
  const episodes = await Promise.all(
    [item, spareItem].map((each) => catalog.knownEpisodes(decodeItem(each) ?? { guid: '', enclosure: '' })),
  )
  const shared = new Set<unknown>([...podcasts, ...episodes.flat().map((known) => known.episode)])
  const common = new Set(textsOf(toNobody))
  const vocabulary = new Set([...leaves(document), ...scopes])
  const own = textsOf(shown).filter(
    (text) => text.length > 5 && ![shared, common, vocabulary].some((known) => known.has(text)) && !time.test(text),
  )
  return new Set([...own, user.id, user.username, app.id, ...[feed, spareFeed].map((each) => decodeFeed(each) ?? '')])
}

const textsOf = (shown: Readonly<Record<string, string>>): string[] =>
  Object.values(shown).flatMap((text) => [...leaves(JSON.parse(text.slice(4)))])

function* leaves(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) yield* leaves(child)
}
