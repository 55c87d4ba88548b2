import { isIPv4, isIPv6 } from 'node:net'

/**
 * What counts as one address: an IPv4 address, or the /64 of an IPv6 address, which is the least that a provider gives
 * a customer. What is no address stands for itself.
 */
export function addressGroup(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase()
  if (!isIPv6(plain)) return plain
  const groups = groupsOf(plain)
  const mapped = mappedIPv4(groups)
  return mapped ?? `${groups.slice(0, 4).join(':')}::/64`
}

/** The eight groups in hexadecimal, without leading zeros. */
function groupsOf(address: string): string[] {
  // The URL parser writes each address in its one short form (RFC 5952), an embedded IPv4 address included.
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = short.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  return [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
}

/** The address in `::ffff:192.0.2.1`, which is how a server that listens on both kinds sees IPv4. */
function mappedIPv4(groups: readonly string[]): string | null {
  if (groups.slice(0, 5).some((group) => group !== '0') || groups[5] !== 'ffff') return null
  const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16))
  const address = [high >> 8, high & 255, low >> 8, low & 255].join('.')
  return isIPv4(address) ? address : null
}
