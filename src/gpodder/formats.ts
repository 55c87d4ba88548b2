import type { Answer } from '../kernel/endpoint.ts'
import { answer } from '../kernel/endpoint.ts'
import { type Refusal, refuseValue } from '../kernel/refusal.ts'

/** Lists of feeds as files: one URL in a line, a JSON array, or OPML (http://opml.org/spec2.opml). */
export const formats = ['txt', 'json', 'opml'] as const

export type Format = (typeof formats)[number]

export function readFormat(text: string): Format | Refusal {
  return formats.find((format) => format === text) ?? refuseValue('path.format', `is none of ${formats.join(', ')}`)
}

export function writeFeeds(format: Format, urls: readonly string[]): Answer {
  switch (format) {
    case 'txt':
      return answer(200, urls.map((url) => `${url}\n`).join(''), { 'Content-Type': 'text/plain; charset=utf-8' })
    case 'json':
      return answer(200, urls)
    case 'opml':
      return answer(200, opmlOf(urls), { 'Content-Type': 'text/x-opml; charset=utf-8' })
    default:
      return format satisfies never
  }
}

/** The URLs in a list as a client sends it. */
export function readFeeds(format: Format, text: string): readonly string[] | Refusal {
  switch (format) {
    case 'txt':
      return text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '')
    case 'json':
      return urlsOfJson(text)
    case 'opml':
      if (!/<opml[\s>]/i.test(text)) return refuseValue('body', 'is not OPML')
      return [...text.matchAll(/<outline\b[^>]*?\sxmlUrl\s*=\s*(?:"([^"]*)"|'([^']*)')/gi)].map(([, double, single]) =>
        unescapeXml(double ?? single ?? '').trim(),
      )
    default:
      return format satisfies never
  }
}

function urlsOfJson(text: string): readonly string[] | Refusal {
  const wrong = refuseValue('body', 'is not a JSON list of feed URLs')
  try {
    const list: unknown = JSON.parse(text)
    if (!Array.isArray(list)) return wrong
    const urls = list.map((entry: unknown) =>
      typeof entry === 'object' && entry !== null && 'url' in entry ? entry.url : entry,
    )
    return urls.every((url) => typeof url === 'string') ? urls : wrong
  } catch {
    return wrong
  }
}

function opmlOf(urls: readonly string[]): string {
  const outlines = urls.map((url) => {
    const escaped = escapeXml(url)
    return `    <outline type="rss" text="${escaped}" xmlUrl="${escaped}"/>\n`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0">
  <head><title>Subscriptions</title></head>
  <body>
${outlines.join('')}  </body>
</opml>
`
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => {
    const [name] = Object.entries(entities).find(([, plain]) => plain === sign) ?? []
    return `&${name};`
  })
}

function unescapeXml(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/gi, (whole, decimal, hexadecimal, name) => {
    if (name !== undefined) return entities[name] ?? whole
    const code = decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
