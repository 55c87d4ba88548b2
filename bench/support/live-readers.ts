import { setTimeout as sleep } from 'node:timers/promises'
import { createLiveReader, type LiveReader, learn } from '../../test/support/live-reader.ts'

/** A listener whose devices are bad at listening, and the two processes they can go to. */
export interface Listener {
  readonly urls: readonly [string, string]
  readonly bearer: string
  /** A play token for the live channel. */
  readonly token: string
}

/** More than a system keeps for a connection that nobody reads, told in one go. */
const lists = 500
const filling = 'x'.repeat(4_000)
const floods = 6
const plays = 200
/** A reader that takes nothing is cut off after ten seconds. */
const asleep = 12_000

/**
 * What those miss who make it hard: one that reads nothing until it was cut off, one that comes back again and again with
 * a token of long ago, one that dies all the time.
 */
export async function missedByBadReaders({ urls, bearer, token }: Listener) {
  async function post(n: number, path: string, body: unknown) {
    const headers = { authorization: bearer, 'content-type': 'application/json' }
    const url = `${urls[n % 2]}/api/v1${path}`
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
    // biome-ignore lint/suspicious/noExplicitAny: what a server says is looked at, not trusted
    return (await answer.json()) as any
  }
  const begin = (await post(0, '/sync', { changes: {} })).sync_token
  const reader = () => createLiveReader(token, begin)
  const readers = { 'reads slowly': reader(), 'comes back with an old token': reader(), dies: reader() }
  const { 'reads slowly': slow, 'comes back with an old token': old, dies } = readers
  const came = new Map<LiveReader, number>()
  const attach = async (who: LiveReader, n: number, back = 0) => {
    came.set(who, (came.get(who) ?? -1) + 1)
    await who.attach(urls[n % 2] ?? '', 'websocket', back)
  }
  for (const who of Object.values(readers)) await attach(who, 0)

  slow.pause()
  for (let n = 0; n < floods; n++) {
    const updated_at = new Date().toISOString()
    const playlists = Array.from({ length: lists }, (_, i) => ({
      id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
      name: `${i}`,
      description: `${n} ${filling}`,
      is_public: false,
      updated_at,
      items: [],
    }))
    await post(n, '/sync', { changes: { playlists } })
  }
  const woken = sleep(asleep).then(() => slow.resume())
  const b64 = (text: string) => Buffer.from(text).toString('base64url')
  for (let n = 0; n < plays; n++) {
    if (n % 20 === 10) await attach(old, n / 10, 15)
    if (n % 10 === 5) await attach(dies, n / 5)
    await post(n, '/play', {
      rss_source_feed: b64('https://feeds.example/bad.xml'),
      rss_source_item: b64(`guid-${n % 50},https://media.example/${n % 50}.mp3`),
      position: n,
      played: false,
    })
  }
  await woken

  const all = learn(new Map(), (await post(0, '/sync', { changes: {} })).changes)
  const missed = (who: LiveReader) => [...all].filter(([key, value]) => who.known().get(key) !== value).length
  for (const until = Date.now() + 15_000; Date.now() < until; await sleep(50)) {
    for (const who of Object.values(readers)) if (!who.isOpen()) await attach(who, 1)
    if (Object.values(readers).every((who) => missed(who) === 0)) break
  }
  return Object.entries(readers).map(([name, who]) => {
    who.die()
    return {
      'a channel that': name,

      'came back': came.get(who) ?? 0,
      missed: missed(who),
    }
  })
}
