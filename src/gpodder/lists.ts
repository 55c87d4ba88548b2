import { v4 as uuidv4 } from 'uuid'
import { collection } from '../collections/index.ts'
import { collectionsOf } from '../collections/queries.ts'
import { words } from '../http/schemas.ts'
import type { Unit } from '../journal/unit.ts'
import type { PodcastId, UserId } from '../kernel/brand.ts'
import { type Answer, answer, type Origin } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuse, refuseValue } from '../kernel/refusal.ts'
import { defaultCollectionOf } from '../podcast/fixed-ids.ts'
import { everything } from '../podcast/seen.ts'
import { effectivePrivacy, scopeOf } from '../privacy/index.ts'
import { privacySettingsOf } from '../privacy/queries.ts'
import { app, type Call, type Door, type DoorParts, isUser } from './door.ts'
import { feedUrls, nameFeeds } from './feeds.ts'
import { readFeeds, readFormat, writeFeeds } from './formats.ts'
import { byName, shortName } from './list-names.ts'
import { showPodcast } from './podcasts.ts'

const title = words(500).min(1)
const missing = refuse('not_found', 'There is no such list.')

/** Who has the lists a path is about. */
interface Owner {
  readonly id: UserId
  readonly username: string
}

/** Podcast lists: the listener's collections under names made of their titles. Others read those that are public. */
export function listRoutes(
  { on }: Door,
  { accounts, journal, catalog, titlesOf, reading, publicUrl }: DoorParts,
): void {
  async function ownerOf({ user, username, part }: Call): Promise<Owner | null> {
    const named = part('owner')
    if (isUser(named, username)) return { id: user, username }
    const found = await accounts.findUser(named)
    return found?.suspendedAt === null ? found : null
  }

  /** The owner's lists as far as the caller may see them. */
  async function listsOf(owner: Owner, { user }: Call) {
    const rows = await collectionsOf(await reading(owner.id), owner.id)
    const titled = rows.map((row) => ({ ...row, id: row.collection_id, madeAt: new Date(row.inserted_at).getTime() }))
    return [...byName(titled)].filter(([, list]) => owner.id === user || list.is_public)
  }

  /** What others may learn of a list that is public: not every podcast in it need be. */
  async function publicOf(owner: UserId, podcasts: readonly PodcastId[]): Promise<readonly PodcastId[]> {
    const chosen = await privacySettingsOf(await reading(owner), owner)
    const level = (scope: string) => chosen.find((row) => row.scope === scope)?.level ?? null
    const entries = await catalog.podcastEntries(podcasts)
    return podcasts.filter((podcast) => {
      const choices = { everything: level('everything'), podcast: level(scopeOf(podcast, null)), episode: null }
      const entry = entries.get(podcast) ?? { fetched: false, privateReason: null }
      return effectivePrivacy(choices, entry) === 'public'
    })
  }

  on(['get'], '/api/2/lists/:owner.json', async (call) => {
    const owner = await ownerOf(call)
    const found = owner === null ? [] : await listsOf(owner, call)
    // Who has nothing to show is not told apart from nobody.
    if (found.length === 0 && owner?.id !== call.user) return refuse('not_found', 'There are no lists of such a user.')
    return answer(
      200,
      found.map(([name, list]) => ({ title: list.title, name, web: '' })),
    )
  })

  on(['get'], '/api/2/lists/:owner/list/:name.:format', async (call) => {
    const format = readFormat(call.format)
    if (isRefusal(format)) return format
    const owner = await ownerOf(call)
    const list = owner && new Map(await listsOf(owner, call)).get(call.part('name'))
    if (!owner || !list) return missing
    const all = list.feeds as readonly PodcastId[]
    const podcasts = owner.id === call.user ? all : await publicOf(owner.id, all)
    const names = await feedUrls(catalog, podcasts)
    if (format === 'json') {
      const titles = await titlesOf(podcasts, [])
      const show = (podcast: PodcastId, url: string) => showPodcast(url, titles.feed(podcast))
      return answer(
        200,
        podcasts.flatMap((podcast) => (names.has(podcast) ? [show(podcast, names.get(podcast) ?? '')] : [])),
      )
    }
    const urls = podcasts.flatMap((podcast) => names.get(podcast) ?? [])
    return writeFeeds(format, urls, `${list.title} by ${owner.username}`)
  })

  /** The podcasts in the body, which need not be followed. */
  async function podcastsIn(call: Call): Promise<readonly PodcastId[] | Refusal> {
    const format = readFormat(call.format)
    if (isRefusal(format)) return format
    const text = await call.text()
    if (isRefusal(text)) return text
    const sent = readFeeds(format, text)
    if (isRefusal(sent)) return sent
    const { podcast } = await nameFeeds(catalog, sent)
    const ids = sent.map(podcast)
    const strange = ids.indexOf(null)
    if (strange >= 0) return refuseValue(`body.${strange}`, 'is not the URL of a feed')
    return [...new Set(ids.filter((id) => id !== null))]
  }

  on(['post'], '/api/2/lists/:user/create.:format', async (call) => {
    const said = title.safeParse(call.query('title')?.trim())
    const name = said.success ? shortName(said.data) : ''
    if (!said.success || name === '')
      return refuseValue('query.title', 'is not a title of at most 500 characters with a letter or a digit in it')
    const podcasts = await podcastsIn(call)
    if (isRefusal(podcasts)) return podcasts
    const id = uuidv4()
    const fields = { title: said.data, description: null, color: null, isPublic: false }
    return journal.commit(originOf(call), async (unit) => {
      if ((await idsByName(unit)).has(name)) return refuse('conflict', `There is a list called ${name} already.`)
      await unit.load(collection, [id])
      const place = `${publicUrl.replace(/\/*$/, '')}/api/2/lists/${call.username}/list/${encodeURIComponent(name)}`
      const made = answer(201, '', { Location: `${place}.${call.format}` })
      return edit(unit, id, { fields, items: podcasts, deleted: false }, made)
    })
  })

  on(['put'], '/api/2/lists/:user/list/:name.:format', async (call) => {
    const podcasts = await podcastsIn(call)
    return isRefusal(podcasts) ? podcasts : change(call, { fields: {}, items: podcasts })
  })

  on(['delete'], '/api/2/lists/:user/list/:name.:format', (call) => change(call, { fields: {}, deleted: true }))

  const change = (call: Call, said: Said): Promise<Answer | Refusal> =>
    journal.commit(originOf(call), async (unit) => {
      const id = (await idsByName(unit)).get(call.part('name'))
      return id === undefined ? missing : edit(unit, id, said, answer(204, ''))
    })
}

/** Lists are no device's. */
const originOf = ({ user, now }: Call): Origin => ({ user, author: { app, device: null }, now, request: null })

type Said = Pick<Parameters<typeof collection.decide>[1], 'fields' | 'items' | 'deleted'>

/** The listener's collections by name, as they are at this very moment. */
async function idsByName(unit: Unit): Promise<ReadonlyMap<string, string>> {
  const ids = await unit.streamsOf(collection.kind)
  await unit.load(collection, ids)
  const living = ids.flatMap((id) => {
    const { alive, fields, insertedAt } = unit.state(collection, id)
    return alive?.value ? [{ id, title: String(fields.title?.value ?? ''), madeAt: insertedAt }] : []
  })
  return new Map([...byName(living)].map(([name, { id }]) => [name, id]))
}

function edit(unit: Unit, id: string, said: Said, done: Answer): Answer | Refusal {
  const { user, now: at } = unit.origin
  const isDefault = id === defaultCollectionOf(user)
  const known = unit.state(collection, id)
  const decided = unit.decide(collection, id, { isDefault, at, sentAt: at, seen: everything, known, ...said })
  return isRefusal(decided) ? decided : done
}
