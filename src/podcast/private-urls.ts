/** Hosts that serve feeds made for one paying listener. */
const memberHosts = [
  'patreon.com',
  'supportingcast.fm',
  'supercast.com',
  'supercast.tech',
  'memberful.com',
  'access.acast.com',
  'subscribers.transistor.fm',
  'glow.fm',
  'hello.audio',
  'steadyhq.com',
  'podia.com',
  'private-feeds.podbean.com',
]

const secretParameter =
  /^(?:auth|auth_?token|token|access_?token|api_?key|key|secret|sig|signature|password|pass|pwd|hash|uid|user|member|subscriber|license)$/i

/** What people write with a digit beside a letter: the 80s, a 2nd. */
const ordinary = /(?<![A-Za-z0-9])\d+(?:s|st|nd|rd|th)(?![A-Za-z0-9])/gi

/** Sixteen or more characters that no person would write: hexadecimal, a UUID, or letters and digits well mixed. */
function looksSecret(word: string): boolean {
  if (/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(word) || /^[0-9a-f]{24,}$/i.test(word)) return true
  if (!/^[A-Za-z0-9_-]{16,}$/.test(word)) return false
  const turns = word.replace(ordinary, '').match(/[A-Za-z](?=\d)|\d(?=[A-Za-z])/g)?.length ?? 0
  return turns >= 3
}

/**
 * Why a feed URL looks like one listener's own, in a word, or null when it looks like anybody's. A podcast with such a
 * URL is private until its listener says otherwise (contract: privacy). Wrong guesses cost publicity, never secrecy.
 */
export function privateReason(
  feedUrl: string,
): 'user info' | 'member host' | 'secret in query' | 'secret in path' | null {
  const url = URL.parse(feedUrl)
  if (!url) return null
  if (url.username || url.password) return 'user info'
  const host = url.hostname.toLowerCase()
  if (memberHosts.some((member) => host === member || host.endsWith(`.${member}`))) return 'member host'
  for (const [name, value] of url.searchParams) {
    if (value.length >= 6 && (secretParameter.test(name) || looksSecret(value))) return 'secret in query'
  }
  const parts = url.pathname.split(/[/.]/)
  if (parts.includes('private') || parts.some(looksSecret)) return 'secret in path'
  return null
}
