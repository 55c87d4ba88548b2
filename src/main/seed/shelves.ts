import { v5 as uuidv5 } from 'uuid'
import { type Life, type List, type Shelf, say } from './life.ts'
import { setSaved, unheard } from './listening.ts'
import { feedName, type Language, listed, named, type Podcast, podcasts, type Topic } from './podcasts.ts'

const second = 1000

/** Namespace of the ids of the demo's playlists and collections: the same seed gives the same. */
const namespace = '9d0c4a52-1f6e-4c0b-8a55-6f0f3f1d2b71'

const listNames: Record<Language, readonly string[]> = {
  fr: ['Pour la route', 'À réécouter', 'Longs formats', 'Avant de dormir'],
  en: ['Road trip', 'Worth a second listen', 'Sunday kitchen', 'To send to friends'],
}

const topicNames: Record<Language, Record<Topic, string>> = {
  fr: {
    news: 'Actualités',
    history: 'Histoire',
    science: 'Sciences',
    culture: 'Culture',
    comedy: 'Pour rire',
    tech: 'Technique',
    society: 'Société',
    fiction: 'Fictions',
  },
  en: {
    news: 'News',
    history: 'History',
    science: 'Science',
    culture: 'Culture',
    comedy: 'Laughs',
    tech: 'Tech',
    society: 'Society',
    fiction: 'Stories',
  },
}

const colors = ['#1d6f42', '#b5471f', '#27548a', '#7b3f8c', '#8a6d1b']

/** The first day: what may be known of the listener, and what there will be to hear. */
export function settleIn(life: Life, at: number): void {
  const { listener, chance } = life
  if (listener.privacy !== null) choosePrivacy(life, at, {}, listener.privacy)
  const liked = podcasts.filter((p) => listener.languages.includes(p.language) && listener.topics.includes(p.topic))
  const others = podcasts.filter((p) => listener.languages.includes(p.language) && !listener.topics.includes(p.topic))
  const first = [...chance.shuffled(liked).slice(0, 7), ...chance.shuffled(others).slice(0, chance.between(1, 3))]
  for (const podcast of first) follow(life, podcast, at + chance.between(20, 90) * second)
}

/** What listeners do once a week with their podcasts, always on the phone. */
export function tidyUp(life: Life, at: number): void {
  const { chance, listener } = life
  const followed = [...life.follows.keys()]
  if (chance.happens(0.2)) {
    const fresh = podcasts.filter((p) => listener.languages.includes(p.language) && !life.follows.has(p))
    const found = chance.pick(fresh)
    if (found) follow(life, found, at)
  }
  if (followed.length > 4 && chance.happens(0.12)) leave(life, chance.pick(followed) as Podcast, at)
  arrangeQueue(life, at)
  tendLists(life, at)
  tendShelves(life, at)
  const [oldest] = life.saved
  if (oldest && life.saved.size > 3 && chance.happens(0.25)) {
    life.saved.delete(oldest)
    setSaved(life, oldest, false, at, 'phone')
  }
  makeExceptions(life, at)
}

function follow(life: Life, podcast: Podcast, at: number): void {
  const on = { device: 'phone', lane: 'subscriptions', thing: `feed ${podcast.slug}` } as const
  const since = say(life, at, on, (subscribed_at) => ({
    rss_source_feed: feedName(podcast),
    rss_source_id: podcast.slug,
    subscribed_at,
    unsubscribed_at: null,
  }))
  life.follows.set(podcast, since)
}

function leave(life: Life, podcast: Podcast, at: number): void {
  const on = { device: 'phone', lane: 'subscriptions', thing: `feed ${podcast.slug}` } as const
  const subscribed_at = new Date(life.follows.get(podcast) ?? 0).toISOString()
  say(life, at, on, (unsubscribed_at) => ({
    rss_source_feed: feedName(podcast),
    rss_source_id: podcast.slug,
    subscribed_at,
    unsubscribed_at,
  }))
  life.follows.delete(podcast)
}

function arrangeQueue(life: Life, at: number): void {
  const { chance } = life
  const waiting = life.queue.filter((episode) => life.plays.get(episode)?.state !== 'finished').slice(0, 8)
  const fresh = unheard(life, at).filter((episode) => !waiting.includes(episode))
  life.queue = [...waiting, ...chance.shuffled(fresh.slice(-10)).slice(0, chance.between(1, 4))]
  say(life, at, { device: 'phone', lane: 'playlists', thing: 'queue' }, (updated_at) => ({
    kind: 'queue',
    updated_at,
    items: life.queue.map(listed),
  }))
}

function tendLists(life: Life, at: number): void {
  const { chance, listener } = life
  const names = listNames[listener.languages[0] ?? 'en']
  const made = life.lists.length
  if (made < names.length && chance.happens(made === 0 ? 0.8 : 0.06)) {
    const name = names[made] as string
    const isPublic = listener.privacy === 'public' && chance.happens(0.6)
    life.lists.push({ id: uuidv5(`${listener.name} ${chance.draw()}`, namespace), name, isPublic, items: [] })
  }
  for (const list of life.lists) {
    if (list.items.length > 0 && chance.happens(0.6)) continue
    const heard = [...life.plays.values()].filter((p) => p.state === 'finished').map((p) => p.episode)
    const fresh = heard.slice(-12).filter((episode) => !list.items.includes(episode))
    if (fresh.length === 0) continue
    const kept = list.items.length > 12 ? list.items.slice(2) : list.items
    list.items = [...chance.shuffled(fresh).slice(0, chance.between(1, 3)), ...kept]
    sayList(life, list, at)
  }
  const last = life.lists.at(-1)
  if (last && life.lists.length > 1 && last.items.length > 0 && chance.happens(0.02)) {
    life.lists = life.lists.filter((list) => list !== last)
    sayList(life, last, at, true)
  }
}

const sayList = (life: Life, list: List, at: number, deleted = false): number =>
  say(life, at, { device: 'phone', lane: 'playlists', thing: `list ${list.id}` }, (updated_at) => ({
    id: list.id,
    name: list.name,
    description: null,
    is_public: list.isPublic,
    updated_at,
    deleted_at: deleted ? updated_at : null,
    items: list.items.map(listed),
  }))

function tendShelves(life: Life, at: number): void {
  const { chance, listener } = life
  const [topic] = listener.topics.filter((t) => !life.shelves.some((shelf) => shelf.title === titleOf(life, t)))
  if (topic && life.shelves.length < 3 && chance.happens(life.shelves.length === 0 ? 0.7 : 0.05)) {
    life.shelves.push({
      id: uuidv5(`${listener.name} ${chance.draw()}`, namespace),
      title: titleOf(life, topic),
      color: chance.pick(colors) as string,
      holds: (podcast) => podcast.topic === topic,
      feeds: [],
    })
  }
  for (const shelf of life.shelves) {
    const feeds = [...life.follows.keys()].filter(shelf.holds).map(feedName)
    if (feeds.join() === shelf.feeds.join()) continue
    shelf.feeds = feeds
    sayShelf(life, shelf, at)
  }
}

const titleOf = ({ listener }: Life, topic: Topic): string => topicNames[listener.languages[0] ?? 'en'][topic]

const sayShelf = (life: Life, shelf: Shelf, at: number): number =>
  say(life, at, { device: 'phone', lane: 'collections', thing: `shelf ${shelf.id}` }, (updated_at) => ({
    id: shelf.id,
    title: shelf.title,
    description: null,
    color: shelf.color,
    is_public: life.listener.privacy === 'public',
    updated_at,
    deleted_at: null,
    feeds: shelf.feeds.map((rss_source_feed) => ({ rss_source_feed })),
  }))

/** Who shows something keeps something back, now and then; who shows nothing may still show one podcast. */
function makeExceptions(life: Life, at: number): void {
  const { chance, listener } = life
  if (!chance.happens(listener.privacy === null ? 0.01 : 0.08)) return
  const level = listener.privacy === 'public' || listener.privacy === 'anonymous' ? 'private' : 'public'
  const podcast = chance.pick([...life.follows.keys()])
  const heard = chance.pick([...life.plays.values()])
  if (chance.happens(0.5) && podcast) choosePrivacy(life, at, { feed: feedName(podcast) }, level)
  else if (heard) {
    const { rss_source_feed: feed, rss_source_item: item } = named(heard.episode)
    choosePrivacy(life, at, { feed, item }, level)
  }
}

const choosePrivacy = (
  life: Life,
  at: number,
  scope: { readonly feed?: string; readonly item?: string },
  privacy: 'public' | 'anonymous' | 'private',
): number =>
  say(
    life,
    at,
    { device: 'phone', lane: 'privacy', thing: `privacy ${scope.item ?? scope.feed ?? ''}` },
    (updated_at) => ({ ...scope, privacy, updated_at }),
  )
