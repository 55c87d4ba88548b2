import { type Scope, scopesInEnglish } from './scope-words.ts'

/** Every scope there is, for the server's self-description. */
export const scopes = Object.keys(scopesInEnglish) as Scope[]

/** What no other scope and no wildcard implies: it has to stand in the grant itself. */
function neverImplied(scope: string): boolean {
  return scope === 'user.erase' || scope === 'admin' || scope.startsWith('admin.')
}

/** What only an admin can grant, and what an admin who no longer is one has no longer granted. */
export function needsAdmin(scope: string): boolean {
  return scope.startsWith('admin.')
}

/** Scopes that open so much that the consent page says so. */
export function isWide(scope: string): boolean {
  return scope === 'user' || scope.includes('*') || neverImplied(scope)
}

/** Whether a grant of `granted` covers `wanted`: itself, a parent (`user.plays` of `user.plays.read`) or a wildcard. */
export function grants(granted: readonly string[], wanted: string): boolean {
  if (granted.includes(wanted)) return true
  return !neverImplied(wanted) && granted.some((scope) => implies(scope, wanted))
}

function implies(scope: string, wanted: string): boolean {
  const star = scope.indexOf('*')
  if (star < 0) return wanted.startsWith(`${scope}.`)
  const before = scope.slice(0, star)
  const after = scope.slice(star + 1)
  // The star stands for one segment or more, so it needs at least one character of its own.
  return wanted.length > before.length + after.length && wanted.startsWith(before) && wanted.endsWith(after)
}

/** Those of the list that are no scopes, in their order. */
export function unknownScopes(list: readonly string[]): string[] {
  return list.filter((scope) => !Object.hasOwn(scopesInEnglish, scope))
}
