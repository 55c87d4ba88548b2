import { isIP } from 'node:net'
import type { JudgeAddress } from './addresses.ts'

/**
 * Ports of services that an HTTP request could be made to disturb: those browsers block (Fetch standard, port
 * blocking) and those of databases, caches and cluster managers, as far as they are above 1023.
 */
const services = new Set([
  1433, 1521, 1719, 1720, 1723, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 4369, 5060, 5061,
  5432, 5672, 5900, 5984, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 7000, 7001, 8500, 9042, 9092,
  9200, 9300, 10080, 10250, 11211, 15672, 27017, 27018,
])

const refusedPort = (port: number): boolean => port !== 80 && port !== 443 && (port < 1024 || services.has(port))

/** Names that mean the machine or the network this runs on (RFC 6761, 6762, 8375, and ICANN's `internal`). */
const nearNames = /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|lan|home\.arpa)$/

/** Names that lead nowhere by definition (RFC 2606, 6761, 7686): no name server need be bothered with them. */
const nowhere = /(?:^|\.)(?:example|invalid|onion)$/

/** The host of a URL as a resolver wants it: no brackets, no trailing dot. */
const bareHost = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')

/**
 * Why a URL may not be asked for, as far as it tells by itself; the addresses behind a name are judged when it is
 * looked up. Hosts in decimal, octal or hexadecimal, with full-width digits or percent signs are plain addresses by
 * now: the URL parser (WHATWG) has read them as a browser would.
 */
export function refusedTarget(url: URL, judge: JudgeAddress, allowPrivate: boolean): string | null {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'it is neither http nor https'
  const host = bareHost(url)
  if (host === '') return 'it names no host'
  if (url.port !== '' && refusedPort(Number(url.port))) return `port ${url.port} is not one of the web`
  if (isIP(host) !== 0) {
    const reason = judge(host)
    return reason === null ? null : `its host is ${reason}`
  }
  if (nowhere.test(host)) return 'its host is a name that leads nowhere'
  if (!allowPrivate && (nearNames.test(host) || !host.includes('.'))) return 'its host is a name of a local network'
  return null
}
