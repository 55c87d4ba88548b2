import type { UserId } from '../kernel/brand.ts'
import type { Author } from '../kernel/decider.ts'
import type { Answer, EndpointCall } from '../kernel/endpoint.ts'
import type { Refusal } from '../kernel/refusal.ts'
import type { Instance } from './compose.ts'
import { CommandError } from './console.ts'

/** An operation of the REST API, to be carried out as one of a user. */
export interface Order {
  readonly method: string
  /** As the endpoint has it, below `/api/v1`. */
  readonly path: string
  readonly params?: unknown
  readonly query?: unknown
  readonly body?: unknown
}

/** Who gives an order, and through which app and device. */
export interface Orderer {
  readonly id: UserId
  readonly username: string
  readonly author: Author
}

/**
 * Carries out an operation as the REST API would, checked by the same schemas, without HTTP and without limits. Throws
 * a `CommandError` for an operation that there is not, and for what the schemas refuse.
 */
export async function carryOut(instance: Instance, orderer: Orderer, order: Order): Promise<Answer | Refusal> {
  const endpoint = instance.endpoints.find((e) => e.path === order.path && e.method === order.method?.toLowerCase())
  if (!endpoint)
    throw new CommandError(`There is no ${order.method} ${order.path}; "balados routes" lists what there is.`)
  const read = (name: 'params' | 'query' | 'body') => {
    const parsed = endpoint[name]?.safeParse(order[name] ?? {})
    if (parsed && !parsed.success) {
      throw new CommandError(parsed.error.issues.map((i) => `${name}.${i.path.join('.')}: ${i.message}`).join('\n'))
    }
    return parsed?.data
  }
  const { id, username, author } = orderer
  const call: EndpointCall<unknown, unknown, unknown> = {
    params: read('params'),
    query: read('query'),
    body: read('body'),
    caller: { user: id, username, author, scopes: ['*'] },
    origin: { user: id, author, now: Date.now(), request: null },
    language: 'en',
  }
  return endpoint.handle(call as EndpointCall<never, never, never>)
}
