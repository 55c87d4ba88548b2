import { hash } from 'node:crypto'
import { Parser } from 'htmlparser2'
import type { EpisodeName } from '../../podcast/names.ts'
import type { NoFeed } from '../shapes.ts'
import { encodingOf, textOf } from '../understanding/decode.ts'
import { whatItIs } from '../understanding/no-feed.ts'
import { createNotes } from '../understanding/notes.ts'
import { onlyItem } from './only-item.ts'

/** A document to be passed on. */
export interface Asked {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The address it came from, which relative URLs are resolved against. */
  readonly url: string
  readonly contentType: string | null
  /** The one episode to leave in; null for all. */
  readonly only: EpisodeName | null
}

/** A document of XML in UTF-8, whatever it was in. */
export interface PassedDocument {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Of these very bytes (RFC 9110, 8.8.3). */
  readonly etag: string
}

const feedRoots = new Set(['rss', 'feed', 'rdf'])
/** What the parser leaves of a document type with declarations of its own. */
const betweenDeclarations = /^[\s\]>]*$/
const declaration = /^\ufeff?\s*<\?xml(?=\s)[^>]*\?>/

/**
 * Makes a feed ready to be handed to anybody: in UTF-8 and, where one episode is asked for, without all others.
 * Everything else stays as it is written. What is no feed is refused; null when the feed has no such episode.
 */
export function passedOn({ bytes, url, contentType, only }: Asked): PassedDocument | NoFeed | null {
  const text = [...textOf(bytes, encodingOf(bytes, contentType, createNotes()))].join('')
  const root = rootOf(text)
  if (root === null || !feedRoots.has(root)) return whatItIs(text.trimStart().slice(0, 4096), root)
  const left = only === null ? text : onlyItem(text, only, url)
  if (left === null) return null
  // Its own may name another encoding.
  const written = `<?xml version="1.0" encoding="UTF-8"?>${left.replace(declaration, '')}`
  const passed = new Uint8Array(Buffer.from(written, 'utf8'))
  return { bytes: passed, etag: `W/"${hash('sha256', passed, 'base64url').slice(0, 22)}"` }
}

/** The first element, in lower case and without its prefix; null where there is none, or text before it. */
function rootOf(text: string): string | null {
  let root: string | null = null
  const parser = new Parser(
    {
      ontext: (data) => {
        // A feed quoted in something else is none: what it is quoted in is nobody's business.
        if (!betweenDeclarations.test(data)) parser.pause()
      },
      onopentagname: (name) => {
        root ??= name.slice(name.indexOf(':') + 1).toLowerCase()
        parser.pause()
      },
    },
    { xmlMode: true, decodeEntities: false },
  )
  parser.write(text)
  parser.reset()
  return root
}
