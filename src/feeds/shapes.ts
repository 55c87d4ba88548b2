import type { Refusal } from '../kernel/refusal.ts'

/**
 * What the server understands of a feed. Everything is plain data that survives JSON and `structuredClone`; what the
 * feed does not say is null or an empty list. Every URL is absolute and http(s). Times are milliseconds since 1970.
 */
export interface ParsedFeed {
  readonly kind: FeedKind
  readonly title: string | null
  readonly description: RichText | null
  readonly author: string | null
  /** Whom the feed belongs to: the address that can later prove a claim to it. Never shown to the public. */
  readonly owner: Owner | null
  readonly imageUrl: string | null
  /** BCP 47 in its usual writing (`fr`, `pt-BR`, `zh-Hant`); null when the feed names none or nonsense. */
  readonly language: string | null
  readonly categories: readonly Category[]
  readonly keywords: readonly string[]
  /** The podcast's page. */
  readonly link: string | null
  readonly copyright: string | null
  readonly generator: string | null
  /** `podcast:guid`, in lower case, and only when it is a UUID. */
  readonly guid: string | null
  /** Null where the feed does not say. */
  readonly locked: Locked | null
  /** `podcast`, `music`, `video`, `audiobook`, `podcastL`… in lower case but for the `L` of lists; null where not said. */
  readonly medium: string | null
  readonly funding: readonly Funding[]
  readonly podroll: readonly RemoteItem[]
  readonly social: readonly SocialInteract[]
  readonly persons: readonly Person[]
  readonly txts: readonly Txt[]
  /** `itunes:block`, or `podcast:block` for everybody: the feed is in nobody's directory. */
  readonly blocked: boolean
  readonly explicit: boolean | null
  readonly type: 'episodic' | 'serial' | null
  readonly newFeedUrl: string | null
  /** `itunes:complete`: no episode will ever follow. */
  readonly complete: boolean
  readonly hubs: readonly string[]
  /** What the feed calls itself (`rel="self"`): the topic at a hub. */
  readonly self: string | null
  /** Older episodes (RFC 5005, `rel="next"`). */
  readonly nextPage: string | null
  readonly rhythm: Rhythm
  /** Last build, or for Atom last update. */
  readonly builtAt: number | null
  readonly publishedAt: number | null
  /** In the feed's order. Items that share a guid are all here. */
  readonly episodes: readonly ParsedEpisode[]
  /** The document ends before its end: episodes may be missing that the feed still has. */
  readonly cut: boolean
  /** What was odd about the document, and what was done about it. */
  readonly notes: readonly Note[]
}

export type FeedKind = 'rss2' | 'rss1' | 'atom'

export interface ParsedEpisode {
  /** As it stands in the bytes, entities resolved and blanks around it gone; null when there is none. */
  readonly guid: string | null
  readonly link: string | null
  readonly title: string | null
  readonly description: RichText | null
  readonly author: string | null
  readonly publishedAt: number | null
  /** The one to play; null for an item that is no more than text. */
  readonly enclosure: Enclosure | null
  /** Every other file the item offers: further enclosures, `media:content`, `podcast:alternateEnclosure`. */
  readonly alternates: readonly AlternateEnclosure[]
  /** What the enclosure is; null without one, and for a file that is neither. */
  readonly media: 'audio' | 'video' | null
  /** Seconds, whole. */
  readonly duration: number | null
  readonly season: number | null
  readonly seasonName: string | null
  /** May have a fraction, as `podcast:episode` allows. */
  readonly number: number | null
  readonly numberName: string | null
  readonly type: 'full' | 'trailer' | 'bonus' | null
  readonly explicit: boolean | null
  readonly blocked: boolean
  readonly imageUrl: string | null
  readonly categories: readonly Category[]
  readonly keywords: readonly string[]
  readonly chapters: Chapters | null
  readonly transcripts: readonly Transcript[]
  readonly persons: readonly Person[]
  readonly soundbites: readonly Soundbite[]
  readonly social: readonly SocialInteract[]
}

/** A text in two forms: sanitised HTML that may be put on a page as it is, and plain text with line breaks. */
export interface RichText {
  readonly html: string
  readonly plain: string
}

export interface Owner {
  readonly name: string | null
  readonly email: string | null
}

export interface Category {
  readonly name: string
  /** `Society & Culture` of `Documentary`; null for one that stands alone. */
  readonly under: string | null
}

export interface Enclosure {
  readonly url: string
  /** MIME type in lower case without parameters; guessed by the file's name where the feed gives none. */
  readonly type: string | null
  /** Bytes; null where not said, zero or nonsense. */
  readonly length: number | null
}

export interface AlternateEnclosure extends Enclosure {
  readonly title: string | null
  readonly language: string | null
  /** Bits per second. */
  readonly bitrate: number | null
  /** Of a video, in pixels. */
  readonly height: number | null
  readonly isDefault: boolean
}

export interface Locked {
  readonly locked: boolean
  /** E-mail address of who may unlock it. */
  readonly owner: string | null
}

export interface Funding {
  readonly url: string
  readonly text: string | null
}

/** Another podcast, or an episode of it, that this one points at. */
export interface RemoteItem {
  readonly feedGuid: string | null
  readonly feedUrl: string | null
  readonly itemGuid: string | null
  readonly medium: string | null
  readonly title: string | null
}

export interface SocialInteract {
  /** `activitypub`, `twitter`, `lightning`…, or `disabled`, which asks for no comments at all. */
  readonly protocol: string
  readonly uri: string | null
  readonly accountId: string | null
  readonly accountUrl: string | null
  readonly priority: number | null
}

export interface Person {
  readonly name: string
  /** In lower case; `host` where not said, as the namespace has it. */
  readonly role: string
  readonly group: string
  readonly imageUrl: string | null
  readonly link: string | null
}

export interface Txt {
  readonly purpose: string | null
  readonly text: string
}

export interface Chapters {
  readonly url: string
  readonly type: string | null
}

export interface Transcript {
  readonly url: string
  readonly type: string | null
  readonly language: string | null
  /** `captions` where the transcript has times. */
  readonly rel: string | null
}

export interface Soundbite {
  /** Seconds, both. */
  readonly start: number
  readonly duration: number
  readonly title: string | null
}

/** How often the feed says it changes. */
export interface Rhythm {
  /** RSS `ttl`. */
  readonly ttlMinutes: number | null
  /** `sy:updatePeriod` and `sy:updateFrequency` together: minutes from one update to the next. */
  readonly everyMinutes: number | null
  /** Hours of the day (UTC, 0–23) not to come by. */
  readonly skipHours: readonly number[]
  /** Days not to come by, 0 is Sunday. */
  readonly skipDays: readonly number[]
}

/** One kind of oddity, in words. */
export interface Note {
  /** A sentence without a full stop: `an item has no guid`. Holds no address and no secret of the feed. */
  readonly what: string
  /** How often it was met. */
  readonly times: number
  /** The first place: `item 3`, or null for the whole document. */
  readonly where: string | null
}

/** Why a document is not taken for a feed. */
export type NoFeedCode =
  | 'empty'
  | 'html'
  | 'json'
  | 'not_xml'
  | 'not_a_feed'
  | 'too_large'
  | 'too_slow'
  | 'too_much_memory'

/** A refusal: `message` says in words what came instead of a feed, and holds no address and no secret. */
export interface NoFeed extends Refusal {
  readonly refused: 'upstream'
  readonly code: NoFeedCode
}

/** Where the bytes come from. */
export interface FeedSource {
  /** The address after redirects: relative URLs are resolved against it. */
  readonly url: string
  /** The `Content-Type` header as it came. */
  readonly contentType: string | null
}

/**
 * Understands the bytes of a feed, in another thread. Never rejects for what the bytes are; rejects when `signal`
 * aborts (with its reason) and when the reader was closed.
 */
export type Understand = (bytes: Uint8Array, source: FeedSource, signal?: AbortSignal) => Promise<ParsedFeed | NoFeed>

/** The threads that understand feeds. */
export interface FeedReader {
  readonly understand: Understand
  /** Ends the threads; what they were at is given up. */
  close(): Promise<void>
}

export interface FeedReaderOptions {
  /** How many feeds are understood at once. */
  readonly threads?: number
  /** Milliseconds for one feed. */
  readonly timeout?: number
  /** Megabytes of heap for one thread. */
  readonly memory?: number
  /** Bytes; longer documents are refused. */
  readonly largest?: number
}

/** `src/feeds/understanding/reader.ts` exports it as `createFeedReader`. */
export type CreateFeedReader = (options?: FeedReaderOptions) => FeedReader
