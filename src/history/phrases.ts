import type { Language } from '../kernel/endpoint.ts'
import type { PrivacyLevel } from '../privacy/events.ts'

/** What contains episodes or podcasts in an order. */
export type ListKind = 'playlist' | 'queue' | 'collection'

export type PrivacyScope = 'everything' | 'podcast' | 'episode'

/**
 * What the history says, by language. `host` stands for a podcast; clauses of lists begin in lower case, so that
 * several make one sentence, and take the list as `list` or `again` names it.
 */
export interface Phrases {
  listened(host: string, to: string, from: string | null): string
  lasts(host: string, length: string): string
  finished(host: string): string
  unplayed(host: string): string
  startedOver(host: string): string
  subscribed(host: string): string
  unsubscribed(host: string): string
  confirmed(host: string, active: boolean): string
  overruled(host: string, active: boolean): string
  labelled(host: string): string
  saved(host: string): string
  unsaved(host: string): string
  shared(host: string, comment: string | null): string
  unshared(host: string): string
  downloaded(host: string): string
  fileDeleted(host: string): string
  markedNew(host: string): string
  flattred(host: string): string
  feedMoved(host: string): string
  feedsMerged(host: string): string
  episodesMerged(host: string, episodes: number): string
  mergedAway(host: string): string
  chose(level: PrivacyLevel, scope: PrivacyScope, host: string): string
  /** A list by its kind and, where it is known, its name. */
  list(kind: ListKind, name: string | null): string
  /** The same list, once more in one sentence. */
  again(kind: ListKind): string
  created(kind: ListKind, name: string | null, isPublic: boolean, items: number): string
  began(list: string): string
  deleted(list: string): string
  restored(list: string): string
  kept(list: string): string
  renamed(kind: ListKind, name: string): string
  described(list: string): string
  coloured(list: string): string
  published(list: string, isPublic: boolean): string
  added(items: number, kind: ListKind, list: string): string
  removed(items: number, kind: ListKind, list: string): string
  moved(items: number, kind: ListKind, list: string): string
}

const quoted = (text: string): string => `“${text}”`
const itemsOf = (n: number, kind: ListKind): string =>
  `${n} ${kind === 'collection' ? 'podcast' : 'episode'}${n === 1 ? '' : 's'}`

const en: Phrases = {
  listened: (host, to, from) =>
    from === null
      ? `Listened to ${to} of an episode from ${host}`
      : `Listened from ${from} to ${to} of an episode from ${host}`,
  lasts: (host, length) => `Learned that an episode from ${host} lasts ${length}`,
  finished: (host) => `Finished an episode from ${host}`,
  unplayed: (host) => `Marked an episode from ${host} as not played`,
  startedOver: (host) => `Started over with an episode from ${host}`,
  subscribed: (host) => `Subscribed to ${host}`,
  unsubscribed: (host) => `Unsubscribed from ${host}`,
  confirmed: (host, active) => (active ? `Subscribed to ${host} once more` : `Unsubscribed from ${host} once more`),
  overruled: (host, active) =>
    `${active ? 'Subscribing to' : 'Unsubscribing from'} ${host} was told too late and changed nothing`,
  labelled: (host) => `Changed the app’s label of ${host}`,
  saved: (host) => `Saved an episode from ${host}`,
  unsaved: (host) => `No longer saved an episode from ${host}`,
  shared: (host, comment) =>
    comment === null
      ? `Shared an episode from ${host}`
      : `Shared an episode from ${host} with the words ${quoted(comment)}`,
  unshared: (host) => `Took back the recommendation of an episode from ${host}`,
  downloaded: (host) => `Downloaded an episode from ${host}`,
  fileDeleted: (host) => `Deleted the file of an episode from ${host}`,
  markedNew: (host) => `Marked an episode from ${host} as new`,
  flattred: (host) => `Flattred an episode from ${host}`,
  feedMoved: (host) => `The feed of a podcast is at ${host} now`,
  feedsMerged: (host) => `Learned that two podcasts are one, from ${host}`,
  episodesMerged: (host, episodes) =>
    episodes === 1
      ? `Learned that two episodes from ${host} are one`
      : `Learned of ${episodes} episodes from ${host} that each is another one`,
  mergedAway: (host) => `Put together what was kept twice of ${host}`,
  chose: (level, scope, host) => {
    const of = { everything: 'everything', podcast: host, episode: `an episode from ${host}` }
    return `Chose ${level} for ${of[scope]}`
  },
  list: (kind, name) => (kind === 'queue' ? 'the queue' : name === null ? `a ${kind}` : `the ${kind} ${quoted(name)}`),
  again: () => 'it',
  created: (kind, name, isPublic, items) =>
    [
      `created ${isPublic ? 'the public' : 'the'} ${kind}`,
      name === null ? '' : ` ${quoted(name)}`,
      items === 0 ? '' : ` with ${itemsOf(items, kind)}`,
    ].join(''),
  began: (list) => `began ${list}`,
  deleted: (list) => `deleted ${list}`,
  restored: (list) => `brought back ${list}`,
  kept: (list) => `kept ${list} as it was`,
  renamed: (kind, name) => `renamed a ${kind} to ${quoted(name)}`,
  described: (list) => `changed the description of ${list}`,
  coloured: (list) => `changed the colour of ${list}`,
  published: (list, isPublic) => `made ${list} ${isPublic ? 'public' : 'private'}`,
  added: (n, kind, list) => `added ${itemsOf(n, kind)} to ${list}`,
  removed: (n, kind, list) => `removed ${itemsOf(n, kind)} from ${list}`,
  moved: (n, kind, list) => `moved ${itemsOf(n, kind)} in ${list}`,
}

const cite = (text: string): string => `«\u00a0${text}\u00a0»`
const de = (host: string): string => (/^[aeiou]/i.test(host) ? `d’${host}` : `de ${host}`)
const episode = (host: string): string => `un épisode ${de(host)}`
/** All three are feminine, and so is what is said of them. */
const kinds: Readonly<Record<ListKind, string>> = {
  playlist: 'liste de lecture',
  queue: 'file d’attente',
  collection: 'collection',
}
const elements = (n: number, kind: ListKind): string =>
  `${n} ${kind === 'collection' ? 'balado' : 'épisode'}${n < 2 ? '' : 's'}`
const levels: Readonly<Record<PrivacyLevel, string>> = { public: 'public', anonymous: 'anonyme', private: 'privé' }

const fr: Phrases = {
  listened: (host, to, from) =>
    from === null ? `Écouté ${episode(host)} jusqu’à ${to}` : `Écouté ${episode(host)} de ${from} à ${to}`,
  lasts: (host, length) => `Appris qu’${episode(host)} dure ${length}`,
  finished: (host) => `Terminé ${episode(host)}`,
  unplayed: (host) => `Marqué ${episode(host)} comme non écouté`,
  startedOver: (host) => `Recommencé ${episode(host)}`,
  subscribed: (host) => `Abonnement à ${host}`,
  unsubscribed: (host) => `Désabonnement ${de(host)}`,
  confirmed: (host, active) => (active ? `Abonnement à ${host}, de nouveau` : `Désabonnement ${de(host)}, de nouveau`),
  overruled: (host, active) =>
    `${active ? `L’abonnement à ${host}` : `Le désabonnement ${de(host)}`} a été annoncé trop tard et n’a rien changé`,
  labelled: (host) => `Changé l’étiquette de l’application pour ${host}`,
  saved: (host) => `Gardé ${episode(host)}`,
  unsaved: (host) => `Cessé de garder ${episode(host)}`,
  shared: (host, comment) =>
    comment === null ? `Recommandé ${episode(host)}` : `Recommandé ${episode(host)} avec les mots ${cite(comment)}`,
  unshared: (host) => `Retiré la recommandation d’${episode(host)}`,
  downloaded: (host) => `Téléchargé ${episode(host)}`,
  fileDeleted: (host) => `Supprimé le fichier d’${episode(host)}`,
  markedNew: (host) => `Marqué ${episode(host)} comme nouveau`,
  flattred: (host) => `Flattré ${episode(host)}`,
  feedMoved: (host) => `Le flux d’un balado se trouve maintenant à ${host}`,
  feedsMerged: (host) => `Appris que deux balados ${de(host)} n’en font qu’un`,
  episodesMerged: (host, episodes) =>
    episodes === 1
      ? `Appris que deux épisodes ${de(host)} n’en font qu’un`
      : `Appris que ${episodes} épisodes ${de(host)} en sont d’autres`,
  mergedAway: (host) => `Réuni ce qui était noté en double ${de(host)}`,
  chose: (level, scope, host) => {
    const of = { everything: 'tout', podcast: host, episode: episode(host) }
    return `Choisi ${cite(levels[level])} pour ${of[scope]}`
  },
  list: (kind, name) =>
    kind === 'queue' || name === null
      ? `${kind === 'queue' ? 'la' : 'une'} ${kinds[kind]}`
      : `la ${kinds[kind]} ${cite(name)}`,
  again: (kind) => (kind === 'queue' ? 'la file' : kind === 'playlist' ? 'la liste' : 'la collection'),
  created: (kind, name, isPublic, items) =>
    [
      `créé la ${kinds[kind]}`,
      isPublic ? ' publique' : '',
      name === null ? '' : ` ${cite(name)}`,
      items === 0 ? '' : ` avec ${elements(items, kind)}`,
    ].join(''),
  began: (list) => `commencé ${list}`,
  deleted: (list) => `supprimé ${list}`,
  restored: (list) => `rétabli ${list}`,
  kept: (list) => `gardé ${list} inchangée`,
  renamed: (kind, name) => `renommé une ${kinds[kind]} en ${cite(name)}`,
  described: (list) => `changé la description de ${list}`,
  coloured: (list) => `changé la couleur de ${list}`,
  published: (list, isPublic) => `rendu ${list} ${isPublic ? 'publique' : 'privée'}`,
  added: (n, kind, list) => `ajouté ${elements(n, kind)} à ${list}`,
  removed: (n, kind, list) => `retiré ${elements(n, kind)} de ${list}`,
  moved: (n, kind, list) => `déplacé ${elements(n, kind)} dans ${list}`,
}

export const phrases: Readonly<Record<Language, Phrases>> = { en, fr }
