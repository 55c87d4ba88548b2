import { isPlain } from '../../accounts/index.ts'
import { decodeFeed, decodeItem, type EpisodeName } from '../../podcast/names.ts'
import { seconds } from '../../podcast/times.ts'
import { privacyLevel } from '../../privacy/index.ts'

/** What a client can be told that it did wrong (contract/rest-v1.md, "Live channel"). */
export type LiveCode =
  | 'UNAUTHENTICATED'
  | 'INVALID_TOKEN'
  | 'INVALID_JSON'
  | 'INVALID_TYPE'
  | 'INVALID_FORMAT'
  | 'MISSING_FIELDS'
  | 'INVALID_ENCODING'
  | 'INVALID_POSITION'
  | 'INVALID_PLAYED'
  | 'INVALID_PRIVACY'
  | 'CONNECTION_RATE_LIMITED'
  | 'PLAY_RATE_LIMITED'
  | 'INTERNAL_ERROR'
  | 'sync_token_expired'
  | 'SLOW_READER'

export interface Wrong {
  readonly code: LiveCode
  readonly message: string
}

export const wrong = (code: LiveCode, message: string): Wrong => ({ code, message })

export const isWrong = (value: object): value is Wrong => 'code' in value

export type Opid = string | number

/** A frame of a client, of which no more is known than its type. */
export interface Frame {
  readonly type: string
  readonly opid: Opid | undefined
  readonly fields: Readonly<Record<string, unknown>>
}

/** Reads a text frame; what is wrong with it otherwise. */
export function readFrame(text: string): Frame | Wrong {
  let fields: unknown
  try {
    fields = JSON.parse(text)
  } catch {
    return wrong('INVALID_JSON', 'A frame is one JSON object.')
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    return wrong('INVALID_JSON', 'A frame is one JSON object.')
  const { type, opid } = fields as Record<string, unknown>
  return {
    type: typeof type === 'string' ? type : '',
    opid: isOpid(opid) ? opid : undefined,
    fields: fields as Frame['fields'],
  }
}

const isOpid = (opid: unknown): opid is Opid =>
  (typeof opid === 'string' && opid.length <= 255) || (typeof opid === 'number' && Number.isFinite(opid))

export interface Auth {
  readonly token: string
  readonly device: string | null
  readonly deviceName: string | null
}

export function readAuth({ fields }: Frame): Auth | Wrong {
  const { token, device_id: device, device_name: deviceName } = fields
  if (isAbsent(token)) return wrong('MISSING_FIELDS', 'auth needs "token": a play token or a request token.')
  if (typeof token !== 'string') return wrong('INVALID_TOKEN', '"token" must be a string.')
  for (const [name, value] of Object.entries({ device_id: device, device_name: deviceName }))
    if (!isAbsent(value) && !isPlain(value))
      return wrong('INVALID_ENCODING', `"${name}" must be 1 to 255 plain characters.`)
  return {
    token,
    device: isAbsent(device) ? null : (device as string),
    deviceName: isAbsent(deviceName) ? null : (deviceName as string),
  }
}

export interface Play {
  readonly feed: string
  readonly item: EpisodeName
  readonly position: number | undefined
  readonly played: boolean | undefined
  readonly privacy: 'public' | 'anonymous' | 'private' | undefined
}

export function readPlay({ fields }: Frame): Play | Wrong {
  const { feed, item, position, played, privacy } = fields
  const missing = ['feed', 'item'].filter((name) => isAbsent(fields[name]))
  if (missing.length > 0) return wrong('MISSING_FIELDS', `record_play needs ${missing.join(' and ')}.`)
  const feedUrl = typeof feed === 'string' ? decodeFeed(feed) : null
  if (feedUrl === null) return wrong('INVALID_ENCODING', '"feed" is not base64url of a feed URL.')
  const episode = typeof item === 'string' ? decodeItem(item) : null
  if (episode === null) return wrong('INVALID_ENCODING', '"item" is not base64url of "guid,enclosure URL".')
  const at = seconds.optional().safeParse(position ?? undefined)
  if (!at.success) return wrong('INVALID_POSITION', '"position" must be whole seconds, 0 or more.')
  if (played !== undefined && played !== null && typeof played !== 'boolean')
    return wrong('INVALID_PLAYED', '"played" must be true or false.')
  const level = privacyLevel.optional().safeParse(privacy ?? undefined)
  if (!level.success) return wrong('INVALID_PRIVACY', '"privacy" must be public, anonymous or private.')
  return { feed: feedUrl, item: episode, position: at.data, played: played ?? undefined, privacy: level.data }
}

/** The token to go on from; null for what is to come. */
export function readSince({ fields: { since } }: Frame): { readonly since: string | null } | Wrong {
  if (isAbsent(since)) return { since: null }
  if (typeof since === 'string' && since.length <= 500) return { since }
  return wrong('INVALID_ENCODING', '"since" must be a sync_token.')
}

const isAbsent = (value: unknown): value is undefined | null | '' =>
  value === undefined || value === null || value === ''
