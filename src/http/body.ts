import { bodyParser } from '@koa/bodyparser'
import type Koa from 'koa'
import { type Refusal, refuse } from '../kernel/refusal.ts'
import { mayBeUnstorable, unstorable } from '../kernel/storable.ts'

/** A JSON body: what it says and, for the hash of idempotent requests, how it says it. */
export interface JsonBody {
  readonly value: unknown
  readonly text: string
}

/** Bytes of an unpacked body where an endpoint does not say otherwise. */
export const defaultBodyLimit = 1024 * 1024

/**
 * Reads bodies of up to `limit` unpacked bytes, gzip, deflate and br included. Whatever the content type says, the body
 * is JSON: an object or an array; an absent one counts as `{}`. Refuses everything else, and text that PostgreSQL
 * can't hold, unless the endpoint judges its entries itself. Throws an error with status 415 for an unknown content encoding.
 */
export function bodyReader(limit: number, checksTexts = true): (ctx: Koa.Context) => Promise<JsonBody | Refusal> {
  const parse = bodyParser({
    enableTypes: ['json'],
    detectJSON: () => true,
    jsonLimit: `${limit}b`,
    parsedMethods: ['POST', 'PUT', 'PATCH', 'DELETE'],
  })
  return async (ctx) => {
    const refusal = await parsed(ctx, parse, limit)
    if (refusal) return refusal
    const { body: value = {}, rawBody: text = '' } = ctx.request
    const path = checksTexts && mayBeUnstorable(text) ? unstorable(value) : undefined
    if (path === undefined) return { value, text }
    const message = 'holds a NUL character or half a surrogate pair'
    return refuse('validation', `${path}: ${message}`, [{ path, message }])
  }
}

/** Reads a body of up to `limit` unpacked bytes as text, whatever its content type says. */
export function textReader(limit: number): (ctx: Koa.Context) => Promise<string | Refusal> {
  const parse = bodyParser({ enableTypes: ['text'], textLimit: `${limit}b`, parsedMethods: ['POST', 'PUT'] })
  return async (ctx) => {
    ctx.req.headers['content-type'] = 'text/plain'
    return (await parsed(ctx, parse, limit)) ?? ctx.request.rawBody ?? ''
  }
}

/**
 * Reads a document of XML of up to `limit` unpacked bytes, in the encoding of its byte order mark or of its
 * declaration, else UTF-8. Refuses text that PostgreSQL can't hold.
 */
export function documentReader(limit: number): (ctx: Koa.Context) => Promise<JsonBody | Refusal> {
  const parse = bodyParser({
    enableTypes: ['text'],
    textLimit: `${limit}b`,
    parsedMethods: ['POST', 'PUT'],
    encoding: 'binary',
  })
  return async (ctx) => {
    ctx.req.headers['content-type'] = 'text/plain'
    const refusal = await parsed(ctx, parse, limit)
    if (refusal) return refusal
    const text = decodeXml(Buffer.from(ctx.request.rawBody ?? '', 'latin1'))
    if (text.includes('\0')) return wrongBody('no XML: it holds a NUL character')
    return { value: text, text }
  }
}

/** The text of a document of XML, whose byte order mark or declaration tells the encoding. */
export function decodeXml(bytes: Uint8Array): string {
  const [first, second] = bytes
  const marked = first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : null
  const declared = /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(
    Buffer.from(bytes.subarray(0, 200)).toString('latin1'),
  )?.[1]
  // What could be read so far is not in UTF-16, whatever it says.
  const encoding = marked ?? (declared === undefined || /^utf-?16/i.test(declared) ? 'utf-8' : declared)
  try {
    return new TextDecoder(encoding).decode(bytes)
  } catch {
    return new TextDecoder().decode(bytes)
  }
}

/** Lets the parser read the body; answers why it could not. */
async function parsed(ctx: Koa.Context, parse: Koa.Middleware, limit: number): Promise<Refusal | null> {
  const { headers } = ctx.req
  // Names of encodings ignore case (RFC 9110, 8.4.1); the parser does not.
  const encoding = headers['content-encoding']?.toLowerCase()
  if (encoding !== undefined) headers['content-encoding'] = encoding
  // The parser takes the body of a sender who has gone meanwhile for an empty one.
  if (ctx.req.destroyed) return wrongBody('cut off')
  try {
    await settleWhenAborted(ctx, Promise.resolve(parse(ctx, nothing)))
    return null
  } catch (error) {
    // The rest of the upload is thrown away, else a packed one stands still and keeps its connection for a minute.
    ctx.req.unpipe()
    ctx.req.resume()
    return refusalOf(error, limit, encoding)
  }
}

const nothing = async () => {}

/**
 * Errors do not travel through the pipe between a request and its unpacking, so the parser would wait for ever for
 * the rest of a packed upload whose sender has gone.
 */
function settleWhenAborted<T>(ctx: Koa.Context, parsed: Promise<T>): Promise<T> {
  if (ctx.req.headers['content-encoding'] === undefined) return parsed
  return new Promise((resolve, reject) => {
    ctx.req.once('error', reject)
    parsed.then(resolve, reject).finally(() => ctx.req.off('error', reject))
  })
}

function refusalOf(error: unknown, limit: number, encoding: string | undefined): Refusal {
  const { status, code, message } = error as { status?: number; code?: string; message: string }
  if (status === 413) return refuse('payload_too_large', `The body is larger than ${limit} bytes, unpacked.`)
  if (status === 415) throw Object.assign(new Error('The content encoding is unknown.'), { status, expose: true })
  if (status === 400 || error instanceof SyntaxError) return wrongBody(`not a JSON object or array: ${message}`)
  if (code === 'ECONNRESET') return wrongBody('cut off')
  // Each way of unpacking has errors of its own.
  if (encoding !== undefined) return wrongBody(`not ${encoding}, as its content encoding says: ${message}`)
  throw error
}

function wrongBody(message: string): Refusal {
  return refuse('validation', `The body is ${message}.`, [{ path: 'body', message }])
}
