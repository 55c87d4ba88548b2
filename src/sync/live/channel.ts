import { setTimeout as sleep } from 'node:timers/promises'
import type { RawData, WebSocket } from 'ws'
import { authorKey } from '../../kernel/decider.ts'
import { isRefusal, type Refusal } from '../../kernel/refusal.ts'
import { type Bucket, createBucket } from './bucket.ts'
import {
  type Auth,
  type Frame,
  isWrong,
  readAuth,
  readFrame,
  readPlay,
  readSince,
  type Wrong,
  wrong,
} from './frames.ts'
import type { Hub, Reader, Subscribed } from './hub.ts'
import type { LiveParts } from './parts.ts'
import { recordLivePlay } from './plays.ts'
import type { Identify, Member } from './who.ts'

/** Why the server closes a channel (RFC 6455, 7.4.2). */
export const closeCodes = { goingAway: 1001, tooMany: 1008, tokenEnded: 4001, slowReader: 4008 } as const

/** A channel that is open, for those who look after all of them. */
export interface Channel {
  readonly kind: 'websocket' | 'events'
  /** Asks for a sign of life, looks at the token again, and ends what has none. */
  beat(): void
  close(code: number, reason: string): void
}

export interface ChannelParts extends LiveParts {
  readonly hub: Hub
  readonly identify: Identify
}

/** Who opens a socket, before it is known for whom. */
export interface Stranger {
  readonly address: string
  /** Gives back the place of one who is not known yet. */
  leave(): void
}

/** Frames at once, and each second from then on. */
const frames = { size: 20, refill: 10 }
/** Frames beyond that, less those that were in order, after which a client that does not listen is cut off. */
const mostIgnored = 200

/** Speaks with one client: frames are answered one after another, in their order. */
export function openChannel(socket: WebSocket, stranger: Stranger, parts: ChannelParts): Channel {
  const { hub, identify, times, clock, log, tally } = parts
  const bucket: Bucket | null = parts.countPlay ? createBucket(frames.size, frames.refill, clock()) : null
  let member: (Member & { readonly token: string }) | null = null
  let subscribed: Subscribed | null = null
  let leavePlace: (() => void) | null = null
  let told: string | null = null
  let heardAt = clock()
  let lookedAt = clock()
  let ignored = 0
  let turn: Promise<void> = Promise.resolve()
  const isOpen = () => socket.readyState === socket.OPEN

  const send = (frame: object) => {
    if (isOpen()) socket.send(JSON.stringify(frame))
  }
  const ok = (opid: Frame['opid'], data?: object) => send({ status: 'ok', ...(data && { data }), ...named(opid) })
  const fail = ({ code, message }: Wrong, opid?: Frame['opid'], more: object = {}) =>
    send({ status: 'error', error: { message, code }, ...named(opid), ...more })
  const close = (code: number, reason: string) => {
    socket.close(code, reason)
    // Who does not read does not hear the close either.
    setTimeout(() => socket.terminate(), times.farewell).unref()
  }

  function hear(data: RawData, binary: boolean): void {
    if (!isOpen()) return
    heardAt = clock()
    // Answers wait for those who only talk, and nobody else would notice.
    if (socket.bufferedAmount > 2 * times.mostBuffered) {
      tally.slow++
      close(closeCodes.slowReader, 'read the answers, too')
      return
    }
    const frame = binary
      ? wrong('INVALID_FORMAT', 'Frames are text: JSON, not binary.')
      : readFrame((data as Buffer).toString('utf8'))
    const opid = isWrong(frame) ? undefined : frame.opid
    if (bucket && !bucket.take(heardAt)) {
      fail(wrong('CONNECTION_RATE_LIMITED', `At most ${frames.refill} frames a second, ${frames.size} at once.`), opid)
      if (++ignored > mostIgnored) close(closeCodes.tooMany, 'too many frames')
      return
    }
    ignored = Math.max(0, ignored - 1)
    if (isWrong(frame)) {
      fail(frame)
      return
    }
    turn = turn
      .then(() => answer(frame))
      .catch((error: unknown) => {
        log.error({ err: error, type: frame.type }, 'a frame of the live channel failed')
        fail(wrong('INTERNAL_ERROR', 'Something went wrong on the server.'), opid)
      })
  }

  async function answer(frame: Frame): Promise<void> {
    if (!isOpen()) return
    if (frame.type === 'auth') return enter(frame)
    if (!member) return fail(wrong('UNAUTHENTICATED', 'Send {"type":"auth","token":…} first.'), frame.opid)
    if (frame.type === 'record_play') return record(frame, member)
    if (frame.type === 'subscribe') return subscribe(frame, member)
    fail(wrong('INVALID_TYPE', 'The types of frames are auth, record_play and subscribe.'), frame.opid)
  }

  async function enter(frame: Frame): Promise<void> {
    const auth = readAuth(frame)
    if (isWrong(auth)) return fail(auth, frame.opid)
    const found = await identify(auth.token, stranger.address)
    // Who has gone meanwhile takes no place.
    if (!isOpen()) return
    if (isRefusal(found)) return fail(wrong('INVALID_TOKEN', found.message), frame.opid)
    if (member && member.user !== found.user)
      return fail(wrong('INVALID_TOKEN', 'This channel is another user’s: open a new one.'), frame.opid)
    leavePlace ??= parts.places.take(found.user)
    if (!leavePlace) {
      fail(wrong('CONNECTION_RATE_LIMITED', 'Too many channels of this user are open: close some.'), frame.opid)
      return close(closeCodes.tooMany, 'too many channels')
    }
    stranger.leave()
    clearTimeout(entry)
    member = { ...onDevice(found, auth), token: auth.token }
    lookedAt = clock()
    if (subscribed && !mayListen(member)) return endSubscription()
    if (found.author.device === null) parts.noteDevice(member.user, member.author, auth.deviceName)
    ok(frame.opid, { user_id: member.user })
  }

  async function record(frame: Frame, { user, author, scopes }: Member): Promise<void> {
    const play = readPlay(frame)
    if (isWrong(play)) return fail(play, frame.opid)
    const needed = ['user.plays.write', ...(play.privacy === undefined ? [] : ['user.privacy.write'])]
    const missing = needed.find((scope) => !parts.grants(scopes, scope))
    if (missing !== undefined) return fail(wrong('INVALID_TOKEN', `This needs the scope ${missing}.`), frame.opid)
    const standing = await parts.countPlay?.(user)
    if (standing?.exceeded)
      return fail(wrong('PLAY_RATE_LIMITED', `Too many plays; try again in ${standing.resetIn} s.`), frame.opid)
    const said = await recordLivePlay(parts.listening, { user, author, now: clock(), request: null }, play)
    if (isRefusal(said)) return fail(wrong('INVALID_ENCODING', said.message), frame.opid)
    ok(frame.opid)
  }

  async function subscribe(frame: Frame, { user, author, scopes }: Member): Promise<void> {
    const asked = readSince(frame)
    if (isWrong(asked)) return fail(asked, frame.opid)
    if (!mayListen({ scopes }))
      return fail(wrong('INVALID_TOKEN', 'This needs the scope user.sync or user.'), frame.opid)
    const begun = await hub.subscribe(user, reader(authorKey(author)), asked.since)
    if (isRefusal(begun)) return fail(ofToken(begun), frame.opid)
    subscribed?.leave()
    if (!isOpen()) return begun.leave()
    subscribed = begun
    told = begun.token
    ok(frame.opid, { sync_token: begun.token })
    begun.begin()
  }

  const mayListen = ({ scopes }: Pick<Member, 'scopes'>) =>
    parts.grants(scopes, 'user.sync') || parts.grants(scopes, 'user')

  const endSubscription = () => {
    fail(wrong('INVALID_TOKEN', 'The token has lost the scope user.sync or user.'))
    close(closeCodes.tokenEnded, 'the token has lost its scope')
  }

  const reader = (author: string | null): Reader => {
    const ready = () => isOpen() && socket.bufferedAmount < times.mostBuffered
    return {
      author,
      ready,
      async drained() {
        for (const until = clock() + times.patience; isOpen(); await sleep(times.look)) {
          if (ready()) return true
          if (clock() < until) continue
          tally.slow++
          fail(wrong('SLOW_READER', 'Reading too slowly: resume from the last sync_token.'), undefined, {
            sync_token: told,
          })
          close(closeCodes.slowReader, 'resume from the last sync_token')
        }
        return false
      },
      push(token, text) {
        told = token
        if (isOpen()) socket.send(text)
      },
    }
  }

  /** A token that has ended since ends the channel. */
  async function lookAgain({ token, user }: { token: string; user: string }): Promise<void> {
    const found = await identify(token)
    if (!isRefusal(found) && found.user === user) {
      if (member?.token !== token) return
      member = { ...member, scopes: found.scopes }
      if (subscribed && !mayListen(found)) endSubscription()
      return
    }
    if (member?.token !== token) return
    fail(wrong('INVALID_TOKEN', isRefusal(found) ? found.message : 'The token is another user’s now.'))
    close(closeCodes.tokenEnded, 'the token has ended')
  }

  socket.on('message', hear)
  socket.on('pong', () => {
    heardAt = clock()
  })
  // Not by ws itself: pongs that nobody reads would pile up.
  socket.on('ping', (data) => {
    heardAt = clock()
    if (isOpen() && socket.bufferedAmount < times.mostBuffered) socket.pong(data)
  })
  // A frame that is too large, or no frame at all: ws closes with the fitting code.
  socket.on('error', (error) => log.debug({ error: error.message }, 'a live channel broke'))
  const entry = setTimeout(() => close(closeCodes.tokenEnded, 'nobody authenticated'), times.entry)
  socket.on('close', () => {
    clearTimeout(entry)
    subscribed?.leave()
    leavePlace?.()
    stranger.leave()
  })
  send({ status: 'connected' })

  return {
    kind: 'websocket',
    close,
    beat() {
      const now = clock()
      if (now - heardAt > times.idle) return socket.terminate()
      if (isOpen()) socket.ping()
      if (!member || now - lookedAt < times.trust) return
      lookedAt = now
      lookAgain(member).catch((error: unknown) => log.error({ err: error }, 'a token could not be looked at again'))
    },
  }
}

const named = (opid: Frame['opid']) => (opid === undefined ? {} : { opid })

/** A device that the token does not name may name itself. */
const onDevice = (member: Member, { device }: Auth): Member =>
  member.author.device !== null || device === null ? member : { ...member, author: { app: member.author.app, device } }

const ofToken = ({ refused, message }: Refusal): Wrong =>
  wrong(refused === 'sync_token_expired' ? 'sync_token_expired' : 'INVALID_ENCODING', message)
