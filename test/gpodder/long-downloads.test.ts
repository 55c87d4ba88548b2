import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tellActions } from '../../src/gpodder/index.ts'
import { startServer, type TestServer } from '../support/instance.ts'
import { type Client, startClient } from './client.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const path = (client: Client) => `/api/2/episodes/${client.u}.json`
const play = (n: number, position: number, timestamp = '2026-01-01T10:00:00', guid = `guid-${n}`) => ({
  podcast: 'https://feeds.example/a.xml',
  episode: `https://media.example/${n}.mp3`,
  guid,
  device: 'phone',
  action: 'play',
  timestamp,
  started: 0,
  position,
  total: 1800,
})
const upload = async (client: Client, actions: readonly unknown[]) => {
  const said = await client.basic('POST', path(client), actions)
  expect(said.status).toBe(200)
  return said.body.timestamp as number
}

/** So many bytes that they do not all fit between the server and a client that does not read. */
const large = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    ...play(n, 60, undefined, randomBytes(1_900).toString('hex')),
    device: 'tablet',
  }))

/** The answer's beginning; nothing more of it is read yet. */
async function begin(client: Client, encoding: string): Promise<IncomingMessage> {
  const headers = { cookie: client.cookie(), 'accept-encoding': encoding }
  const asked = get(`${server.url}${path(client)}?since=0`, { headers })
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  expect(answer.statusCode).toBe(200)
  return answer
}

describe('a long history', () => {
  test.each(['gzip', 'br', 'identity'])('comes whole and in one answer, as %s', async (encoding) => {
    const client = await startClient(server)
    const plays = Array.from({ length: 2_500 }, (_, n) => play(n, n % 1_700))
    const others = Array.from({ length: 1_500 }, (_, n) => ({ ...play(n, 0), action: n % 2 ? 'download' : 'delete' }))
    const timestamp = await upload(client, [...plays, ...others])
    const said = await client.basic('GET', `${path(client)}?since=0`, undefined, { 'accept-encoding': encoding })
    expect(said.headers.get('content-encoding')).toBe(encoding === 'identity' ? null : encoding)
    expect(said.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(said.body.timestamp).toBe(timestamp)
    const wanted = others.map(({ started: _s, position: _p, total: _t, ...action }) => action)
    const texts = (some: readonly object[]) => some.map((action) => JSON.stringify(Object.entries(action).toSorted()))
    const told = new Set(texts(said.body.actions))
    expect(texts([...plays, ...wanted]).filter((text) => !told.has(text))).toEqual([])
    expect(said.body.actions).toHaveLength(4_000)
    const newest = await client.basic('GET', `${path(client)}?since=0&aggregated=true`)
    expect(newest.body.actions).toHaveLength(4_000)
  })

  test('tells what changes while it is read neither twice nor never', async () => {
    const client = await startClient(server)
    const { listening } = server.instance
    await upload(
      client,
      Array.from({ length: 2_500 }, (_, n) => play(n, 1)),
    )
    const told = await tellActions(listening, { user: client.user.id, app: 'gpodder', since: 0 })
    const seen = new Map<string, number | undefined>()
    let page = 0
    for await (const actions of told.actions) {
      for (const action of actions) {
        expect(seen.has(action.episode)).toBe(false)
        seen.set(action.episode, action.position)
      }
      // Of those that were read, and of those that were not.
      await upload(
        client,
        [10, 1_010, 2_010, 2_499, 3_000].map((n) => play(n, 100 + page, `2026-02-01T10:00:0${page}`)),
      )
      page++
    }
    expect(page).toBe(3)
    const later = await tellActions(listening, { user: client.user.id, app: 'gpodder', since: told.timestamp + 1 })
    for await (const actions of later.actions) for (const { episode, position } of actions) seen.set(episode, position)
    expect(seen.size).toBe(2_501)
    for (const n of [10, 1_010, 2_010, 2_499, 3_000]) expect(seen.get(play(n, 0).episode)).toBe(102)
    expect([...seen.values()].filter((position) => position === 1)).toHaveLength(2_496)
  })

  test('was not told to a client that goes away in the middle: what it uploads then does not skip the rest', async () => {
    const phone = await startClient(server)
    const tablet = await startClient(server, phone)
    await phone.basic('POST', `/api/2/auth/${phone.u}/login.json`)
    const first = (await phone.call('GET', `${path(phone)}?since=0`)).body.timestamp
    await upload(tablet, large(5_000))
    for (const encoding of ['identity', 'gzip']) {
      const answer = await begin(phone, encoding)
      await once(answer, 'readable')
      answer.destroy()
      await sleep(200)
    }
    const said = await phone.call('POST', path(phone), [play(9_000, 60)])
    expect(said.body.timestamp).toBe(first)
    const rest = await phone.call('GET', `${path(phone)}?since=${first + 1}`)
    expect(rest.body.actions).toHaveLength(5_001)
    expect((await phone.call('POST', path(phone), [play(9_001, 60)])).body.timestamp).toBeGreaterThan(first)
  })

  test.each(['identity', 'gzip'])(
    'that breaks off is cut off, as %s, and never looks complete',
    async (encoding) => {
      const client = await startClient(server)
      await client.basic('POST', `/api/2/auth/${client.u}/login.json`)
      await upload(client, large(5_000))
      const { pool } = server.fresh.stores.projections
      const answer = await begin(client, encoding)
      await once(answer, 'readable')
      await pool.query('alter table projections.plays rename to plays_gone')
      try {
        const read = encoding === 'gzip' ? answer.pipe(createGunzip()) : answer
        answer.once('error', (error) => read.destroy(error))
        let text = ''
        await expect(async () => {
          for await (const chunk of read) text = (text + chunk).slice(-100)
        }).rejects.toThrow()
        expect(text).not.toMatch(/\]\}$/)
      } finally {
        await pool.query('alter table projections.plays_gone rename to plays')
      }
      expect((await client.call('GET', `${path(client)}?since=0`)).body.actions).toHaveLength(5_000)
    },
    60_000,
  )
})
