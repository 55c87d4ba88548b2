/** Feeds of the benchmark, the same in every process that asks for the same number. */

const words = 'podcast listener episode story music night morning history science radio voice people city garden'.split(
  ' ',
)

const sentence = (seed: number, length: number): string =>
  Array.from({ length }, (_, i) => words[(seed * 31 + i * i * 7 + i) % words.length]).join(' ')

/** How the server of the nth feed behaves. */
export type Behaviour = 'fine' | 'failing' | 'slow' | 'moved'

/** Of a hundred feeds ten fail, five are slow and five have moved. */
export function behaviourOf(n: number): Behaviour {
  const place = (n * 37) % 100
  return place < 10 ? 'failing' : place < 15 ? 'slow' : place < 20 ? 'moved' : 'fine'
}

/** 70 % have 8 episodes, a quarter 50, the rest 200 and a few 730: from 8 KB to 1 MB. */
function episodesOf(n: number): number {
  const place = (n * 61) % 200
  return place < 140 ? 8 : place < 190 ? 50 : place < 199 ? 200 : 730
}

export function madeFeed(n: number): string {
  const items = Array.from({ length: episodesOf(n) }, (_, i) => {
    const date = new Date(Date.UTC(2026, 10, 20) - i * 7 * 86_400_000 - n * 1000).toUTCString()
    return `<item><title>Episode ${i}: ${sentence(n + i, 5)}</title><guid isPermaLink="false">feed-${n}-${i}</guid>
<link>https://show-${n}.example/${i}</link><pubDate>${date}</pubDate><itunes:duration>00:${10 + (i % 50)}:00</itunes:duration>
<description><![CDATA[<p>${sentence(n * 3 + i, 60)}</p><p><a href="https://show-${n}.example/notes/${i}">Notes</a> ${sentence(i, 40)}</p>]]></description>
<itunes:summary>${sentence(n + i, 40)}</itunes:summary><itunes:explicit>no</itunes:explicit><itunes:episode>${i}</itunes:episode>
<enclosure url="https://media-${n}.example/${i}.mp3?source=feed" type="audio/mpeg" length="${40_000_000 + i}"/></item>`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>Show ${n}: ${sentence(n, 3)}</title><link>https://show-${n}.example/</link><language>en</language>
<description>${sentence(n, 40)}</description><itunes:author>Host ${n}</itunes:author><itunes:category text="Technology"/>
<itunes:image href="https://show-${n}.example/cover.jpg"/>
${items.join('\n')}
</channel></rss>`
}
