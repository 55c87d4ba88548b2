import type { Operation } from './document.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { bodySchema, type Shot, targetOf, typed } from './shots.ts'
import type { Answer, Outgoing } from './wire.ts'
import { badTokens, fullSync, type Listener, type World } from './world.ts'

/** Counts what came back: how often each operation answered with each status. */
export type Tally = Map<string, Map<number, number>>

export interface Driver {
  readonly world: World
  readonly listener: Listener
  readonly ledger: Ledger
  /** Makes the request and says what is wrong with the answer. */
  fire(shot: Shot, allowed?: readonly number[]): Promise<readonly string[]>
  /** Makes the request; rejects when there is no answer at all. */
  send(shot: Shot): Promise<Answer>
}

export const nameOf = ({ method, path }: Operation) => `${method} ${path}`

/** Words that belong into a log: a stack, a query, a driver's complaint. */
const inside =
  /\bat .{1,200}\.[cm]?[jt]s:\d+|node_modules|file:\/\/\/|\b(?:select|insert into|update|delete from)\s.{1,200}\b(?:from|values|set|where)\b|violates |relation "|syntax error at|pg_|ECONNREFUSED|Cannot read propert|is not a function|Maximum call stack/i

const saneId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export async function driverFor(world: World, listener: Listener, tally: Tally): Promise<Driver> {
  const { server, wire, judge, bystander } = world
  const prefix = new URL(world.document.servers[0]?.url ?? server.url).pathname
  const before = await fullSync(world, listener)
  const ledger = openLedger(JSON.parse(before.text), listener.ids.queue)
  const bearers = new Map<string, string>()
  const first = new Map<string, { readonly request: string; readonly answer: Answer }>()

  function authorization({ token }: Shot): string | null {
    if (token !== 'narrow' && !isOwn(token)) return badTokens[token](listener, bystander)
    // Signing is what takes longest here, and a token is good for an hour.
    const app = token === 'narrow' ? listener.narrow : listener.app
    const name = `${app.id} ${token}`
    const bearer = bearers.get(name) ?? (token === 'phone' || token === 'tablet' ? app.on(token) : app).bearer()
    bearers.set(name, bearer)
    return bearer
  }

  function outgoing(shot: Shot): Outgoing {
    const bearer = authorization(shot)
    const body = shot.bytes ?? (shot.text === undefined ? undefined : Buffer.from(shot.text))
    return {
      method: shot.operation.method,
      target: `${prefix}${targetOf(shot.operation, shot.path, shot.query, shot.rawQuery)}`,
      headers: {
        ...(bearer === null ? {} : { authorization: bearer }),
        ...(shot.key === undefined ? {} : { 'idempotency-key': shot.key }),
        origin: 'https://app.example',
        ...shot.headers,
      },
      ...(body && { body }),
    }
  }

  /** What every answer must keep to, whatever was asked. */
  function flawsOfAnswer(shot: Shot, { status, headers, text }: Answer): string[] {
    const { operation, token } = shot
    const flaws: string[] = []
    const documented = operation.responses[String(status)]
    if (status >= 500 && status !== 502) flaws.push('the server failed')
    if (status === 429) flaws.push('is limited although limits are off')
    if (!saneId.test(String(headers['x-request-id']))) flaws.push(`x-request-id is ${headers['x-request-id']}`)
    const readable = headers['access-control-allow-origin'] === '*'
    if (!readable && !isMalformed(shot)) flaws.push('can not be read by a page')
    if (headers['cache-control'] !== 'no-store' && operation.security.length > 0) flaws.push('may be cached')
    if (!documented) return [...flaws, `${status} is not documented`]
    const types = Object.keys(documented.content ?? {})
    const type = String(headers['content-type'] ?? '').split(';')[0] ?? ''
    if (types.length === 0) return text === '' ? flaws : [...flaws, 'a body where none is documented']
    if (!types.includes(type)) return [...flaws, `${type || 'no content type'} where ${types} is documented`]
    if (type !== 'application/json') return flaws
    const body = parsed(text)
    if (body === undefined) return [...flaws, 'is not JSON']
    flaws.push(...judge.answer(operation, status, type, body).map((flaw) => `by the document, ${flaw}`))
    if (status < 400) return flaws
    const { error_code: code } = body as { error_code?: string }
    if (!documented.description.includes(`\`${code}\``)) flaws.push(`${status} ${code} is not documented`)
    if (inside.test(text)) flaws.push('tells of the inside')
    if (status === 401 && headers['www-authenticate'] === undefined) flaws.push('401 without WWW-Authenticate')
    if (isOwn(token) && (status === 401 || code === 'FORBIDDEN')) flaws.push('refuses a good token')
    return flaws
  }

  /** Whether the request is one that the document forbids. */
  function forbidden({ operation, path, query, text, bytes, headers }: Shot): string | undefined {
    for (const [name, value] of [...Object.entries(path).map(([n, v]) => [n, decoded(v)] as const), ...query]) {
      const [flaw] = value === undefined ? [] : judge.parameter(operation, name, value)
      if (flaw !== undefined) return `${name}: ${flaw}`
    }
    if (!bodySchema(operation) || bytes || headers['content-encoding'] !== undefined) return undefined
    const body = parsed(text === undefined || text === '' ? '{}' : text.replace(/^\ufeff/, ''))
    if (body === undefined) return 'the body is not JSON'
    const [flaw] = judge.body(operation, body)
    return flaw === undefined ? undefined : `the body: ${flaw}`
  }

  function flawsOfOutcome(shot: Shot, key: string, { status, text }: Answer): string[] {
    const { operation, token } = shot
    if (operation.security.length > 0 && !isMalformed(shot) && !isOwn(token)) {
      const scoped = (operation['x-scope'] ?? []).length > 0
      const expected = token === 'narrow' ? (scoped ? 403 : status) : 401
      if (status !== expected) return [`the token "${token}" gets ${status}`]
    }
    if (status >= 400) return []
    const why = forbidden(shot)
    const flaws = why === undefined ? [] : [`is carried out although the document forbids it (${why})`]
    if (shot.key === undefined || operation.method === 'get') return flaws
    const request = `${typed({ ...shot, token: 'own', headers: {} })} ${shot.text ?? ''}`
    const known = first.get(key)
    if (!known) first.set(key, { request, answer: { status, text, headers: {} } })
    else if (known.request !== request)
      flaws.push('is carried out although its Idempotency-Key belongs to another request')
    else if (known.answer.status !== status || known.answer.text !== text)
      flaws.push('does not get the first answer to its Idempotency-Key')
    return flaws
  }

  const keyOf = (shot: Shot) => `${shot.token === 'narrow' ? listener.narrow.id : listener.app.id} ${shot.key}`

  /** Makes the request, and takes in what it changed. */
  async function send(shot: Shot): Promise<Answer> {
    const replayed = shot.key !== undefined && first.has(keyOf(shot))
    const { app } = listener
    const answer = await wire.send(outgoing(shot))
    const { status, text } = answer
    const counts = tally.get(nameOf(shot.operation)) ?? new Map<number, number>()
    tally.set(nameOf(shot.operation), counts.set(status, (counts.get(status) ?? 0) + 1))
    if (status >= 300 || replayed) return answer
    ledger.note(shot, parsed(text))
    const revoked = decoded(shot.path.app_id ?? '')
    if (revoked === app.id) listener.app = await server.allow({ id: listener.user }, { scopes: listener.scopes })
    return answer
  }

  async function fire(shot: Shot, allowed?: readonly number[]): Promise<readonly string[]> {
    const key = keyOf(shot)
    try {
      const answer = await send(shot)
      const { status, text } = answer
      const flaws = [...flawsOfAnswer(shot, answer), ...flawsOfOutcome(shot, key, answer)]
      if (allowed && !allowed.includes(status)) flaws.push(`expected ${allowed.join(' or ')}`)
      return flaws.map((flaw) => `${flaw} — ${typed(shot)} → ${status} ${text.slice(0, 600)}`)
    } catch (error) {
      return [`no answer (${(error as Error).message}) — ${typed(shot)}`]
    }
  }

  return { world, listener, ledger, fire, send }
}

const isOwn = (token: Shot['token']): token is 'own' | 'phone' | 'tablet' =>
  token === 'own' || token === 'phone' || token === 'tablet'

/** Whether the address itself may be refused before anybody asks who is calling. */
const isMalformed = ({ rawQuery = '', path }: Shot): boolean =>
  rawQuery !== '' || Object.values(path).some((value) => decoded(value)?.includes('\0') ?? true)

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
