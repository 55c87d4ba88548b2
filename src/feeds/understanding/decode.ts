import { isAscii, isUtf8 } from 'node:buffer'
import { getEncoding } from 'encoding-sniffer'
import type { NoteTaker } from './notes.ts'

const chunkSize = 256 * 1024

/**
 * The encoding a feed is in, as `TextDecoder` names it. Bytes that are UTF-8 are UTF-8 whatever they are declared
 * to be: text in another encoding hardly ever happens to be. Else a byte order mark tells, then the HTTP header
 * (RFC 7303), then the XML declaration, and windows-1252 where none of them fits the bytes.
 */
export function encodingOf(bytes: Uint8Array, contentType: string | null, notes: NoteTaker): string {
  const charset = /charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType ?? '')?.[1]
  const declared = declaredEncoding(bytes, charset)
  // Written with seven bits alone, so that its bytes are UTF-8 too.
  if (declared === 'iso-2022-jp' && bytes.includes(0x1b)) return declared
  const wide = wideEncoding(bytes)
  if (wide !== null) {
    if (wide !== declared) notes.note(`the document is in ${wide} and does not say so`)
    return wide
  }
  if (isUtf8(bytes)) {
    if (declared !== null && declared !== 'utf-8' && !isAscii(bytes))
      notes.note(`the document is declared to be in ${declared}, and is in utf-8`)
    return 'utf-8'
  }
  if ([1, 2, 3].some((cut) => isUtf8(bytes.subarray(0, -cut)))) return 'utf-8'
  if (isNearlyUtf8(bytes)) {
    notes.note('some bytes of the document are not utf-8, and stand as a replacement character')
    return 'utf-8'
  }
  const candidates = [declared, declaredEncoding(bytes, undefined)]
  const fitting = candidates.find((name) => name !== null && name !== 'utf-8' && fits(bytes, name))
  if (fitting) {
    if (fitting !== declared) notes.note(`the document is declared to be in ${declared}, and is in ${fitting}`)
    return fitting
  }
  notes.note(`the document is declared to be in ${declared ?? 'no encoding'}, and was read as windows-1252`)
  return 'windows-1252'
}

/** Undecided where the sniffer falls back to its default. */
function declaredEncoding(bytes: Uint8Array, charset: string | undefined): string | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 1024))
  const found = getEncoding(head, {
    ...(charset !== undefined && { transportLayerEncodingLabel: charset }),
    defaultEncoding: 'x-user-defined',
  }).toLowerCase()
  return found === 'x-user-defined' || found === 'replacement' ? null : found
}

/** UTF-16 by its mark, or by the zero bytes beside its first characters. */
function wideEncoding([first, second, third, fourth]: Uint8Array): string | null {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return 'utf-16le'
  if (first === 0 && second !== 0 && third === 0 && fourth !== 0) return 'utf-16be'
  return null
}

/** UTF-8 that was mended by someone careless: nine of ten characters beyond ASCII are whole. */
function isNearlyUtf8(bytes: Uint8Array): boolean {
  let whole = 0
  let broken = 0
  for (const text of textOf(bytes, 'utf-8'))
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i)
      if (code === 0xfffd) broken += 1
      else if (code >= 0x80) whole += 1
    }
  return whole >= 9 * broken
}

/** Whether the bytes are text in this encoding. */
function fits(bytes: Uint8Array, encoding: string): boolean {
  try {
    for (const _ of textOf(bytes, encoding, true));
    return true
  } catch {
    return false
  }
}

/** The text in pieces, so that no string as long as the document is ever held. */
export function* textOf(bytes: Uint8Array, encoding: string, fatal = false): Generator<string> {
  const decoder = new TextDecoder(encoding, { fatal })
  for (let at = 0; at < bytes.length; at += chunkSize)
    yield decoder.decode(bytes.subarray(at, at + chunkSize), { stream: true })
  const rest = decoder.decode()
  if (rest !== '') yield rest
}
