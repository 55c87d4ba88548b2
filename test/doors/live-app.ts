import { expect } from 'vitest'
import type { UserId } from '../../src/kernel/brand.ts'
import type { TestServer } from '../support/instance.ts'
import { noRows, type Rows, rowsOfAnswer, withRows } from '../support/journal-rows.ts'
import { type LiveClient, openLive, tokenOf } from '../support/live.ts'
import { seenInRows } from './rest-app.ts'
import { type Edit, type Episode, episodes, length, newLine, type PodcastApp, restNames } from './world.ts'

/**
 * An app with an open channel: it syncs in full once, is told what changes from then on, and records plays through it.
 * It names no device, so that it is told its own plays in line with those of others.
 */
export async function liveApp(server: TestServer, user: UserId): Promise<PodcastApp> {
  const app = await server.allow({ id: user })
  const line = newLine()
  let rows: Rows = noRows()
  let token: string | null = null
  let channel: LiveClient | null = null
  let opids = 0

  async function connect(): Promise<LiveClient> {
    if (token === null) {
      const { status, body } = await app.call('POST', '/sync', { changes: {} })
      expect(status).toBe(200)
      rows = rowsOfAnswer(body.changes)
      token = body.sync_token as string
    }
    const opened = await openLive(server.url, tokenOf(app.bearer()))
    opened.socket.on('message', (data) => {
      const frame = JSON.parse(String(data))
      if (frame.type !== 'change' || channel !== opened) return
      rows = withRows(rows, rowsOfAnswer(frame.changes))
      token = frame.sync_token
    })
    channel = opened
    opened.send({ type: 'subscribe', since: token, opid: 'subscribe' })
    expect(await opened.next((frame) => frame.opid === 'subscribe')).toMatchObject({ status: 'ok' })
    return opened
  }

  const open = async (): Promise<LiveClient> =>
    channel && channel.socket.readyState === channel.socket.OPEN ? channel : connect()

  function placeOf(edit: Edit): { position?: number; played: boolean } | null {
    if (edit.what === 'play') return { position: edit.position, played: false }
    if (edit.what === 'finish') return { position: length, played: true }
    return edit.what === 'unplay' || edit.what === 'restart' ? { position: 0, played: false } : null
  }

  return {
    name: 'live',
    author: app.id,
    line,
    async edit(edit) {
      const place = placeOf(edit)
      if (place === null || !('episode' in edit)) return false
      const { feed, item } = restNames(episodes[edit.episode] as Episode)
      const client = await open()
      const opid = ++opids
      client.send({ type: 'record_play', opid, feed, item, ...place })
      expect(await client.next((frame) => frame.opid === opid)).toEqual({ status: 'ok', opid })
      return true
    },
    async sync() {
      if (line.fate === 'lost') channel?.socket.terminate()
      line.fate = 'whole'
      await line.pause()
      await open()
    },
    seen: () => seenInRows(rows),
    close: () => channel?.socket.terminate(),
  }
}
