import { type Conflict, differences, type PlayRow } from '../../clients/typescript/src/index.ts'
import type { Podcast } from './feeds.ts'
import type { Gadget } from './gadget.ts'

/** Says in words what devices see; knows the titles, which the server need not. */
export interface Show {
  /** What each device sees, once where all see the same. */
  devices(devices: readonly Gadget[]): string
  conflict(conflict: Conflict): string
  /** A difference of `differences`, with titles for names. */
  titled(line: string): string
}

export function createShow(podcasts: readonly Podcast[]): Show {
  const titles = new Map<string, string>()
  for (const { feed, title, episodes } of podcasts) {
    titles.set(feed, title)
    for (const episode of episodes) titles.set(episode.item, episode.title)
  }
  const title = (name: string): string => {
    const known = titles.get(name.slice(name.indexOf('/') + 1)) ?? Buffer.from(name, 'base64url').toString('utf8')
    return known.length > 34 ? `${known.slice(0, 33).trimEnd()}…` : known
  }

  function lines({ shelf }: Gadget): string[] {
    const { subscriptions, plays, saves, playlists } = shelf
    const followed = Object.keys(subscriptions).filter((feed) => subscriptions[feed]?.subscribed)
    const saved = Object.keys(saves).filter((episode) => saves[episode]?.saved)
    const rows: [string, string[]][] = [
      ['follows', followed.map(title)],
      ['plays', Object.entries(plays).map(([episode, play]) => `${title(episode)} ${place(play)}`)],
      ['queue', (playlists.queue?.items ?? []).map((episode, i) => `${i + 1}. ${title(episode)}`)],
      ['saved', saved.map(title)],
    ]
    return rows.flatMap(([what, said]) =>
      wrapped(what === 'queue' ? said : said.sort()).map((line, i) => `${(i === 0 ? what : '').padEnd(9)}${line}`),
    )
  }

  return {
    devices(devices) {
      const [first, ...others] = devices
      if (!first) return ''
      if (others.every((device) => differences(first.shelf, device.shelf).length === 0))
        return block(`${devices.map((d) => d.name).join(' and ')} see the same:`, lines(first))
      return devices
        .map((device) => block(`${device.name} (${device.network.weather}) sees:`, lines(device)))
        .join('\n')
    },
    conflict({ type, feed, item, local, remote, resolution, reason }) {
      const what = item ?? feed
      const said = (side: Readonly<Record<string, unknown>>) =>
        Object.entries(side)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ')
      const stands = { local: 'what it sent stands', remote: 'what was there stands', merged: 'both count' }[resolution]
      return `settled: ${type}${what ? ` ${title(what)}` : ''}: ${stands} (${reason})
     sent   ${said(local)}\n     there  ${said(remote)}`
    },
    titled: (line) => line.replace(/[\w-]{20,}(?:\/[\w-]{20,})?/g, title),
  }
}

function place({ position, played }: PlayRow): string {
  if (played) return '(finished)'
  const [h, m, s] = [Math.floor(position / 3600), Math.floor(position / 60) % 60, position % 60]
  return `(${h > 0 ? `${h}:${String(m).padStart(2, '0')}` : m}:${String(s).padStart(2, '0')})`
}

const block = (head: string, body: readonly string[]): string =>
  [`   ${head}`, ...body.map((line) => `     ${line}`)].join('\n')

/** Joined into lines of about a hundred characters. */
function wrapped(words: readonly string[]): string[] {
  const out: string[] = []
  for (const word of words) {
    const last = out.at(-1)
    if (last === undefined || last.length + word.length > 96) out.push(word)
    else out[out.length - 1] = `${last} · ${word}`
  }
  return out.length > 0 ? out : ['nothing']
}
