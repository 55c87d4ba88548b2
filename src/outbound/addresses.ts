import ipaddr from 'ipaddr.js'

/** Why an address may not be connected to, in words; null when it may. */
export type JudgeAddress = (address: string) => string | null

/** The network of whoever runs this: open to local trials (`ALLOW_PRIVATE_ADDRESSES`), closed to everybody else. */
const near = new Map([
  ['loopback', 'a loopback address'],
  ['private', 'a private address'],
  ['uniqueLocal', 'a private address'],
  ['carrierGradeNat', 'an address behind a carrier’s NAT'],
])

/** What no feed ever lives at, wherever this runs. */
const never = new Map([
  ['unspecified', 'the unspecified address'],
  ['linkLocal', 'a link-local address'],
  ['multicast', 'a multicast address'],
  ['broadcast', 'the broadcast address'],
  ['6to4', 'a 6to4 address'],
  ['teredo', 'a Teredo address'],
])

/** Azure's metadata and DHCP server stands at an address that looks like anybody's. */
const metadata = new Set(['168.63.129.16'])

const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
const mapped = ipaddr.IPv6.parseCIDR('::ffff:0:0/96')
const compatible = ipaddr.IPv6.parseCIDR('::/96')
const translated = ipaddr.IPv6.parseCIDR('::ffff:0:0:0/96')
/** RFC 6052: how an IPv6-only network with DNS64 sees every IPv4 host. */
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')

const lastFour = (address: ipaddr.IPv6): ipaddr.IPv4 => new ipaddr.IPv4(address.toByteArray().slice(12))

/** The IPv4 address an IPv6 one stands for, null when it stands for itself. */
function inner(address: ipaddr.IPv6): ipaddr.IPv4 | null {
  if (address.toNormalizedString() === '0:0:0:0:0:0:0:1' || address.range() === 'unspecified') return null
  if ([mapped, compatible, translated, nat64].some((range) => address.match(range))) return lastFour(address)
  // ISATAP (RFC 5214): the interface id says `0:5efe` or `200:5efe`, then an IPv4 address.
  const [flags, tag] = address.parts.slice(4)
  return tag === 0x5efe && (flags === 0 || flags === 0x200) ? lastFour(address) : null
}

/**
 * Judges by the registries of special addresses (RFC 6890 and its successors), looking into the forms in which an IPv6
 * address carries an IPv4 one. What is not plainly a host on the internet is refused.
 *
 * @param allowPrivate lets loopback and private networks pass; metadata services, multicast and the like never do
 */
export function refusedAddress(address: string, allowPrivate = false): string | null {
  if (!ipaddr.isValid(address)) return 'no address'
  const given = ipaddr.parse(address)
  const within = given instanceof ipaddr.IPv6 ? inner(given) : null
  const judged = within ?? given
  const range = judged.range()
  if (metadata.has(judged.toString())) return 'the address of a metadata service'
  if (near.has(range)) return allowPrivate ? null : (near.get(range) ?? null)
  if (never.has(range)) return never.get(range) ?? null
  if (range !== 'unicast') return 'a reserved address'
  return judged instanceof ipaddr.IPv6 && !judged.match(globalUnicast) ? 'a reserved address' : null
}
