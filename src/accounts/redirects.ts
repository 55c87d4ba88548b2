import { type Refusal, refuseValue } from '../kernel/refusal.ts'

/**
 * Schemes that run code, read files, or start something on the user's machine. An app's own scheme is any other: few
 * follow RFC 8252's advice to name it after a domain.
 */
const hostile =
  /^(javascript|vbscript|livescript|mocha|data|file|about|blob|filesystem|view-source|jar|mhtml|resource|res|chrome.*|moz-.*|edge|opera|brave|safari-.*|intent|android-app|content|shell|search|search-ms|ms-.*|ldaps?|smb|ftps?|sftp|ssh|telnet|wss?|mailto|tel|sms|callto|facetime.*|git|svn|dict|gopher|nfs|afp|vnc|rdp|itms.*|x-apple.*):$/

/**
 * Where an app may have the browser sent after the decision: https, http on a loopback address, or a scheme of its own
 * (RFC 8252, section 7).
 */
export function readRedirect(value: unknown): URL | Refusal {
  const where = 'redirect_uri'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: browsers drop some of them, so "java\nscript:" is a trick.
  if (typeof value !== 'string' || value.length > 2_000 || /[\x00-\x20\x7f\\]/.test(value) || !URL.canParse(value))
    return refuseValue(where, 'expected an absolute URL of at most 2,000 characters')
  const url = new URL(value)
  if (url.username || url.password || value.includes('#'))
    return refuseValue(where, 'a user name, password or fragment is not accepted')
  const web = url.protocol === 'https:' || url.protocol === 'http:'
  // A host may hold a semicolon, which would end the directive of `formActionFor`.
  if (web && !/^([\w.-]+|\[[\da-f:.]+\])$/.test(url.hostname)) return refuseValue(where, 'the host name is not valid')
  if (url.protocol === 'https:') return url
  if (url.protocol === 'http:')
    return isLoopback(url.hostname) ? url : refuseValue(where, 'http is for loopback addresses only; use https')
  if (hostile.test(url.protocol)) return refuseValue(where, `the scheme ${url.protocol} is not accepted`)
  return url
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

/** What a page's `form-action` must list for a form's answer to lead there. CSP has no word for IPv6 addresses. */
export function formActionFor(redirect: URL): string {
  const web = redirect.protocol === 'https:' || redirect.protocol === 'http:'
  return web && !redirect.hostname.startsWith('[') ? redirect.origin : redirect.protocol
}

/** The redirect with more query parameters; those that are null are left out. */
export function withParameters(redirect: URL, parameters: Readonly<Record<string, string | null>>): string {
  const url = new URL(redirect)
  for (const [name, value] of Object.entries(parameters)) if (value !== null) url.searchParams.set(name, value)
  return url.href
}

/** A path of this site to go back to after log-in; `/` for whatever leads elsewhere. */
export function readReturnTo(value: string | undefined): string {
  const home = '/'
  if (!value?.startsWith('/')) return home
  const site = 'http://site.invalid'
  if (!URL.canParse(value, site)) return home
  const url = new URL(value, site)
  // `//host` and `/\host` name another host at once, `/.//host` once the dots are gone.
  return url.origin === site && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}${url.hash}` : home
}
