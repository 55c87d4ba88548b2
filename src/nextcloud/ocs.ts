import type Koa from 'koa'
import { sendJson } from '../http/problems.ts'

/** What an answer in Nextcloud's envelope holds. */
export type OcsData = Readonly<Record<string, unknown>> | readonly never[]

interface Outcome {
  readonly http: number
  /** The code in the envelope, where it differs from HTTP's. */
  readonly code?: number
  readonly message: string
}

const ok: Outcome = { http: 200, message: 'OK' }

/** Writes an answer in the envelope of the Open Collaboration Services, as JSON where that is asked for, else as XML. */
export function sendOcs(ctx: Koa.Context, data: OcsData, { http, code, message }: Outcome = ok): void {
  const good = http < 300
  const isFirstVersion = ctx.path.includes('/v1.php/')
  const statuscode = code ?? (good && isFirstVersion ? 100 : http)
  const ocs = { meta: { status: good ? 'ok' : 'failure', statuscode, message }, data }
  ctx.status = http
  ctx.set('Cache-Control', 'no-store')
  if (wantsJson(ctx)) sendJson(ctx, { ocs })
  else {
    ctx.type = 'application/xml; charset=utf-8'
    ctx.body = `<?xml version="1.0"?>\n${xml('ocs', ocs)}\n`
  }
}

function wantsJson(ctx: Koa.Context): boolean {
  const { format } = ctx.query
  return format === undefined ? ctx.accepts('xml', 'json') === 'json' : format === 'json'
}

/** A list's entries are called `element`; true is 1, and false and null are nothing. */
function xml(name: string, value: unknown): string {
  return `<${name}>${xmlOf(value)}</${name}>`
}

function xmlOf(value: unknown): string {
  if (Array.isArray(value)) return value.map((entry) => xml('element', entry)).join('')
  if (value === true) return '1'
  if (value === false || value === null || value === undefined) return ''
  if (typeof value !== 'object') return escaped(String(value))
  return Object.entries(value)
    .map(([name, entry]) => xml(name, entry))
    .join('')
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

const escaped = (text: string): string => text.replace(/[&<>]/g, (sign) => entities[sign] ?? sign)
