import { isIP } from 'node:net'
import { refusedAddress } from '../outbound/addresses.ts'

/** Names that never lead to the internet: RFC 2606, 6762 and 8375, ICANN's `internal`, and what home routers use. */
const privateNames = /(^|\.)(localhost|local|test|example|invalid|internal|home\.arpa|lan)$/

/** Whether strangers on the internet may be able to reach a URL's host, as far as its name tells. */
export function isPublic(url: string | undefined): boolean {
  if (url === undefined) return false
  const host = new URL(url).hostname.replace(/^\[|\]$|\.$/g, '')
  if (isIP(host) !== 0) return refusedAddress(host) === null
  return host.includes('.') && !privateNames.test(host)
}
