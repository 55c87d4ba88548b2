import { promises as dns } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { JudgeAddress } from './addresses.ts'

/** All addresses of a name, in the order they should be tried. Throws where there are none. */
export type Resolve = (name: string) => Promise<readonly string[]>

/** A name leads to an address that may not be connected to. */
export class RefusedAddress extends Error {
  readonly reason: string
  constructor(reason: string) {
    super(`its name leads to ${reason}`)
    this.reason = reason
  }
}

const missing = new Set(['ENOTFOUND', 'ENODATA'])

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code ?? '')

/**
 * Asks the name servers by c-ares: a name whose servers are silent then holds up nobody else, whereas `getaddrinfo`
 * would keep one of Node's four threads. What only this machine knows (its hosts file) is found by the latter, after
 * the servers have said that there is no such name.
 *
 * @param servers `address:port` of name servers; the machine's own where not said
 */
export function createResolver(servers?: readonly string[]): Resolve {
  const resolver = new dns.Resolver({ timeout: 2_500, tries: 2 })
  if (servers) resolver.setServers(servers)
  return async (name) => {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    if (found.length > 0) return found
    const errors = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
    const unclear = errors.find((error) => !missing.has(codeOf(error)))
    if (unclear) throw unclear
    if (servers) throw errors[0]
    return (await dns.lookup(name, { all: true })).map(({ address }) => address)
  }
}

/**
 * A `lookup` for `net.connect` that hands out judged addresses only. The socket connects to what comes from here and
 * asks nobody again, so that no answer can differ between the check and the use. One bad address spoils the name.
 */
export function judgedLookup(resolve: Resolve, judge: JudgeAddress): LookupFunction {
  return (name, { all }, done) => {
    resolve(name.replace(/\.$/, ''))
      .then((addresses) => {
        for (const address of addresses) {
          const reason = judge(address)
          if (reason !== null) throw new RefusedAddress(reason)
        }
        const found = addresses.map((address) => ({ address, family: isIP(address) }))
        const [first] = found
        if (!first) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' })
        if (all) done(null, found)
        else done(null, first.address, first.family)
      })
      .catch((error: Error) => done(error, ''))
  }
}
