import { webAddress } from '../../podcast/names.ts'

/** What the headers of an answer say of hubs (WebSub, 4): stronger than what the document says. */
export interface HubLinks {
  readonly hubs: readonly string[]
  /** What the feed calls itself. */
  readonly self: string | null
}

const most = 10

/**
 * Reads `Link` headers (RFC 8288).
 *
 * @param base what relative addresses are relative to
 */
export function readLinks(header: string | readonly string[] | undefined, base: string): HubLinks {
  const links = [header ?? []].flat().flatMap((text) => text.split(/,(?=\s*<)/))
  const related = (relation: string): string[] =>
    links.flatMap((link) => {
      const [, address = '', rest = ''] = /^\s*<([^>]*)>(.*)$/.exec(link) ?? []
      const [, quoted, bare = ''] = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(rest) ?? []
      if (!(quoted ?? bare).toLowerCase().split(/\s+/).includes(relation)) return []
      // As it is written: a hub knows a topic by its very letters.
      const url = URL.canParse(address) ? address : (URL.parse(address, base)?.href ?? '')
      return webAddress(url) ? [url] : []
    })
  return { hubs: [...new Set(related('hub'))].slice(0, most), self: related('self')[0] ?? null }
}
