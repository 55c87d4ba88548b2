import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type ListenerEvent, subjectOf, wordsOf } from '../../src/history/words.ts'
import { presentVersion, type Recorded } from '../../src/kernel/decider.ts'
import { upcasts } from '../../src/main/slices.ts'

/** One event of every type there is, as the server stores it today. */
const folder = new URL('../kernel/golden/', import.meta.url)
const facts = readdirSync(folder)
  .map((file) => {
    const [type = '', version = ''] = file.split('.')
    return { type, version, data: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) }
  })
  .filter(({ type, version }) => version === `v${presentVersion(upcasts, type)}`)
  .map(({ type, data }) => ({ type, data }) as ListenerEvent)

const named = { host: 'feeds.example', list: 'Morning' }
const all = (language: 'en' | 'fr') =>
  Object.fromEntries(facts.map((fact) => [fact.type, wordsOf(fact, language, named)]))

describe('every type of event has words', () => {
  test('in English', () => {
    expect(all('en')).toMatchInlineSnapshot(`
      {
        "CollectionCreated": "Created the collection “News” with 2 podcasts",
        "CollectionDeleted": "Deleted the collection “Morning”",
        "CollectionDescribed": "Changed the colour of the collection “Morning” and made it public",
        "CollectionRestored": "Brought back the collection “Morning”",
        "EpisodeDownloaded": "Downloaded an episode from feeds.example",
        "EpisodeFileDeleted": "Deleted the file of an episode from feeds.example",
        "EpisodeFinished": "Finished an episode from feeds.example",
        "EpisodeFlattred": "Flattred an episode from feeds.example",
        "EpisodeMarkedNew": "Marked an episode from feeds.example as new",
        "EpisodeSaved": "Saved an episode from feeds.example",
        "EpisodeShared": "Shared an episode from feeds.example with the words “Listen to this”",
        "EpisodeStartedOver": "Started over with an episode from feeds.example",
        "EpisodeUnplayed": "Marked an episode from feeds.example as not played",
        "EpisodeUnsaved": "No longer saved an episode from feeds.example",
        "EpisodeUnshared": "Took back the recommendation of an episode from feeds.example",
        "EpisodesArranged": "Added 1 episode to the playlist “Morning”, removed 1 episode from it, and moved 1 episode in it",
        "EpisodesMerged": "Learned that two episodes from feeds.example are one",
        "FeedLabelled": "Changed the app’s label of feeds.example",
        "FeedMoved": "The feed of a podcast is at feeds.example now",
        "FeedSubscribed": "Subscribed to feeds.example",
        "FeedUnsubscribed": "Unsubscribed from feeds.example",
        "FeedsArranged": "Added 1 podcast to the collection “Morning” and removed 1 podcast from it",
        "FeedsMerged": "Learned that two podcasts are one, from feeds.example",
        "PlaylistCreated": "Created the public playlist “Morning” with 3 episodes",
        "PlaylistDeleted": "Deleted the playlist “Morning”",
        "PlaylistDescribed": "Renamed a playlist to “Evening” and changed the description of it",
        "PlaylistRestored": "Brought back the playlist “Morning”",
        "PositionMoved": "Listened to 2:40 of an episode from feeds.example",
        "PrivacyChosen": "Chose anonymous for feeds.example",
        "SubscriptionConfirmed": "Subscribed to feeds.example once more",
        "SubscriptionOverruled": "Subscribing to feeds.example was told too late and changed nothing",
      }
    `)
  })

  test('in French, each its own', () => {
    expect(all('fr')).toMatchInlineSnapshot(`
      {
        "CollectionCreated": "Créé la collection « News » avec 2 balados",
        "CollectionDeleted": "Supprimé la collection « Morning »",
        "CollectionDescribed": "Changé la couleur de la collection « Morning » et rendu la collection publique",
        "CollectionRestored": "Rétabli la collection « Morning »",
        "EpisodeDownloaded": "Téléchargé un épisode de feeds.example",
        "EpisodeFileDeleted": "Supprimé le fichier d’un épisode de feeds.example",
        "EpisodeFinished": "Terminé un épisode de feeds.example",
        "EpisodeFlattred": "Flattré un épisode de feeds.example",
        "EpisodeMarkedNew": "Marqué un épisode de feeds.example comme nouveau",
        "EpisodeSaved": "Gardé un épisode de feeds.example",
        "EpisodeShared": "Recommandé un épisode de feeds.example avec les mots « Listen to this »",
        "EpisodeStartedOver": "Recommencé un épisode de feeds.example",
        "EpisodeUnplayed": "Marqué un épisode de feeds.example comme non écouté",
        "EpisodeUnsaved": "Cessé de garder un épisode de feeds.example",
        "EpisodeUnshared": "Retiré la recommandation d’un épisode de feeds.example",
        "EpisodesArranged": "Ajouté 1 épisode à la liste de lecture « Morning », retiré 1 épisode de la liste et déplacé 1 épisode dans la liste",
        "EpisodesMerged": "Appris que deux épisodes de feeds.example n’en font qu’un",
        "FeedLabelled": "Changé l’étiquette de l’application pour feeds.example",
        "FeedMoved": "Le flux d’un balado se trouve maintenant à feeds.example",
        "FeedSubscribed": "Abonnement à feeds.example",
        "FeedUnsubscribed": "Désabonnement de feeds.example",
        "FeedsArranged": "Ajouté 1 balado à la collection « Morning » et retiré 1 balado de la collection",
        "FeedsMerged": "Appris que deux balados de feeds.example n’en font qu’un",
        "PlaylistCreated": "Créé la liste de lecture publique « Morning » avec 3 épisodes",
        "PlaylistDeleted": "Supprimé la liste de lecture « Morning »",
        "PlaylistDescribed": "Renommé une liste de lecture en « Evening » et changé la description de la liste",
        "PlaylistRestored": "Rétabli la liste de lecture « Morning »",
        "PositionMoved": "Écouté un épisode de feeds.example jusqu’à 2:40",
        "PrivacyChosen": "Choisi « anonyme » pour feeds.example",
        "SubscriptionConfirmed": "Abonnement à feeds.example, de nouveau",
        "SubscriptionOverruled": "L’abonnement à feeds.example a été annoncé trop tard et n’a rien changé",
      }
    `)
  })

  test('and a subject', () => {
    for (const fact of facts) {
      const { podcast, episode, playlist, collection } = subjectOf({
        fact,
        stream: 'kind/the-id',
      } as Recorded<ListenerEvent>)
      expect([podcast, episode, playlist, collection].some(Boolean), fact.type).toBe(true)
    }
  })
})

const arranged = (data: object): ListenerEvent =>
  ({
    type: 'EpisodesArranged',
    data: {
      created: false,
      fields: [],
      alive: null,
      items: { added: [], moved: [], removed: [] },
      at: 1,
      asSent: true,
      kind: 'playlist',
      ...data,
    },
  }) as ListenerEvent

describe('what one event did to a list is one sentence', () => {
  const added = [
    ['p/1', 'a0', 1],
    ['p/2', 'a1', 1],
    ['p/3', 'a2', 1],
  ]

  test('of one thing, and of the queue without a name', () => {
    const fact = arranged({ kind: 'queue', items: { added, moved: [], removed: [] } })
    expect(wordsOf(fact, 'en', { host: '', list: 'Queue' })).toBe('Added 3 episodes to the queue')
    expect(wordsOf(fact, 'fr', { host: '', list: 'Queue' })).toBe('Ajouté 3 épisodes à la file d’attente')
  })

  test('of several, which names the list once', () => {
    const fields = [
      { name: 'isPublic', value: true, at: 1 },
      { name: 'name', value: 'Road', at: 1 },
    ]
    const fact = arranged({ fields, items: { added: added.slice(1, 2), moved: [], removed: ['p/9', 'p/8'] } })
    expect(wordsOf(fact, 'en', { host: '', list: 'Road trip' })).toBe(
      'Renamed a playlist to “Road”, made it public, added 1 episode to it, and removed 2 episodes from it',
    )
    expect(wordsOf(fact, 'fr', { host: '', list: 'Road trip' })).toBe(
      'Renommé une liste de lecture en «\u00a0Road\u00a0», rendu la liste publique, ajouté 1 épisode à la liste et retiré 2 épisodes de la liste',
    )
  })

  test('whose name nobody remembers', () => {
    const fact = arranged({ items: { added: [], moved: added, removed: [] } })
    expect(wordsOf(fact, 'en', { host: '', list: null })).toBe('Moved 3 episodes in a playlist')
  })
})

describe('a position', () => {
  const moved = (data: object): ListenerEvent =>
    ({
      type: 'PositionMoved',
      data: { position: 3750, duration: 4000, started: null, saidBy: null, ...data },
    }) as ListenerEvent

  test('is told as players tell it, with where listening began if the app said so', () => {
    expect(wordsOf(moved({}), 'en', named)).toBe('Listened to 1:02:30 of an episode from feeds.example')
    expect(wordsOf(moved({ position: 65, started: 5 }), 'fr', { ...named, host: 'a.example' })).toBe(
      'Écouté un épisode d’a.example de 0:05 à 1:05',
    )
  })

  test('is not told where the event only told the length', () => {
    const saidBy = { number: 3, author: null }
    expect(wordsOf(moved({ saidBy }), 'en', named)).toBe('Learned that an episode from feeds.example lasts 1:06:40')
  })
})
