import type { Answer } from '../kernel/endpoint.ts'
import { answer } from '../kernel/endpoint.ts'
import { type Refusal, refuseValue } from '../kernel/refusal.ts'
import { hostOf } from '../podcast/names.ts'
import { inXml, readOpml, writeOpml, writeXml } from '../podcast/opml.ts'

/** Lists of feeds as files: one URL in a line, a JSON array, OPML, or the XML of gpodder.net. */
const formats = ['txt', 'json', 'opml', 'xml'] as const

export type Format = (typeof formats)[number]

export function readFormat(text: string): Format | Refusal {
  return formats.find((format) => format === text) ?? refuseValue('path.format', `is none of ${formats.join(', ')}`)
}

export function writeFeeds(format: Format, urls: readonly string[], title = 'Subscriptions'): Answer {
  switch (format) {
    case 'txt':
      return answer(200, urls.map((url) => `${url}\n`).join(''), { 'Content-Type': 'text/plain; charset=utf-8' })
    case 'json':
      return answer(200, urls)
    case 'opml':
      return answer(200, writeOpml(title, urls), { 'Content-Type': 'text/x-opml; charset=utf-8' })
    case 'xml':
      return answer(200, writeXml({ podcasts: { podcast: urls.map(inGpodderXml) } }), {
        'Content-Type': 'application/xml; charset=utf-8',
      })
    default:
      return format satisfies never
  }
}

const inGpodderXml = (url: string) => ({ title: inXml(hostOf(url)), url: inXml(url) })

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
      return readOpml(text)
    case 'xml':
      return refuseValue('path.format', 'is only written; send opml, json or txt')
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
