import type { Element } from './elements.ts'
import type { NoteTaker } from './notes.ts'

const longest = 4096

/** Finds the address an element means. */
export interface Addresses {
  /** An absolute http(s) URL; null for nothing, or for anything else, which is noted. */
  of(text: string | null, from?: Element): string | null
}

/**
 * Makes relative URLs absolute, by `xml:base` where it is in force. One that is absolute stays as it is written, so
 * that an episode is named here as apps name it.
 */
export function addressesIn(base: string, notes: NoteTaker, where: string | null = null): Addresses {
  return {
    of: (text, from) => {
      const written = text?.trim().replace(/[\t\r\n]/g, '') ?? ''
      if (written === '') return null
      if (written.length > longest) {
        notes.note(`an address is longer than ${longest} characters and left out`, where)
        return null
      }
      const absolute = /^https?:\/\/[^\s]+$/i.test(written)
      const schemeless = /^www\.[^/]+\.[a-z]{2,}/i.test(written) ? `http://${written}` : written
      const url = URL.parse(schemeless, from?.attribute('xml:base') ?? base)
      if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '') {
        notes.note('an address is not one of the web and left out', where)
        return null
      }
      if (absolute) return written
      if (!/^https?:/i.test(written)) notes.note('an address is relative and was made absolute', where)
      return url.href
    },
  }
}
