import type { App, Grant } from './authorization.ts'
import { type AnswerOf, type AnyOperation, type ArgumentsOf, type OperationName, operations } from './operations.ts'
import { type CallOptions, createSend, type Request } from './send.ts'
import { createTokens, type DeviceName } from './tokens.ts'

export interface ClientParts {
  readonly app: Pick<App, 'id' | 'keys'>
  readonly grant: Grant
  /** Always name the device: without, the server can't tell devices of one app apart. */
  readonly device?: DeviceName
  /** What is sent through; the platform's where not given. */
  readonly fetch?: typeof fetch
  /** The device's own clock, right or wrong, in milliseconds since 1970. */
  readonly clock?: () => number
  /** Seconds a request token holds; 300 where not given. */
  readonly tokenLifetime?: number
  /** Of what the server says in words, `fr`; a browser's own where not given. */
  readonly language?: string
  /** For calls that do not say otherwise. */
  readonly timeout?: number
  readonly retries?: number
}

type Call<N extends OperationName> =
  Partial<ArgumentsOf<N>> extends ArgumentsOf<N>
    ? (args?: ArgumentsOf<N>, options?: CallOptions) => Promise<AnswerOf<N>>
    : (args: ArgumentsOf<N>, options?: CallOptions) => Promise<AnswerOf<N>>

/** A method per operation of the API. Each throws `BaladosError`. */
export type Client = { readonly [N in OperationName]: Call<N> } & {
  /** Any other operation of the server, its answer unseen: `request({ method: 'GET', path: '/admin/users' })`. */
  request(request: Request, options?: CallOptions): Promise<unknown>
}

export function createClient(parts: ClientParts): Client {
  const { app, grant, device, clock = Date.now, tokenLifetime, timeout, retries, language } = parts
  const tokens = createTokens({
    app,
    grant,
    clock,
    ...(device ? { device } : {}),
    ...(tokenLifetime === undefined ? {} : { lifetime: tokenLifetime }),
  })
  const send = createSend({
    instance: grant.instance,
    tokens,
    // Not a method of `parts`: browsers refuse a `fetch` that is called as one.
    fetch: parts.fetch ?? ((input, init) => fetch(input, init)),
    ...(language === undefined ? {} : { language }),
    defaults: { ...(timeout === undefined ? {} : { timeout }), ...(retries === undefined ? {} : { retries }) },
  })
  const calls = Object.entries(operations).map(([name, operation]) => [
    name,
    (args: Arguments = {}, options?: CallOptions) => send(requestOf(operation, args), options),
  ])
  return { ...Object.fromEntries(calls), request: send }
}

type Arguments = Readonly<Record<string, unknown>>

/** Puts each argument where it belongs. */
function requestOf({ method, path, query, body, fileType }: AnyOperation, args: Arguments): Request {
  const inPath = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(args[name])))
  const search = new URLSearchParams()
  for (const name of Object.keys(query)) {
    if (args[name] !== undefined) search.set(name, String(args[name]))
  }
  const target = search.size > 0 ? `${inPath}?${search}` : inPath
  if (body === null) return { method, path: target }
  if (fileType !== null) return { method, path: target, file: { type: fileType, text: String(args.file) } }
  return { method, path: target, body: Object.fromEntries(Object.keys(body).map((name) => [name, args[name]])) }
}
