import { availableParallelism } from 'node:os'
import { hash, verify } from '@node-rs/argon2'
import pLimit from 'p-limit'
import { type Refusal, refuseValue } from '../kernel/refusal.ts'

/** OWASP's parameters for argon2id: 19 MiB, two passes, one lane. `algorithm` 2 is argon2id. */
const parameters = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/**
 * So many at once and no more: each takes 19 MiB and one of libuv's four threads, which files and names need too. A
 * flood of log-ins waits in line.
 */
const inTurn = pLimit(Math.min(3, availableParallelism()))

const shortest = 8
const longest = 1024

/** Why a new password is not good enough, or null. */
export function passwordRefusal(password: string): Refusal | null {
  const length = [...password].length
  if (length < shortest) return refuseValue('password', `at least ${shortest} characters`)
  if (length > longest) return refuseValue('password', `at most ${longest} characters`)
  return null
}

/** The same password typed on two keyboards can be two sequences of code points. */
function typed(password: string): string {
  return password.normalize('NFKC')
}

export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(typed(password), parameters))
}

/** A hash with the same parameters that no password has: what an unknown user name is checked against. */
let nobody: Promise<string> | undefined

/**
 * Checks a password against a stored hash; null stands for an unknown user and takes the same time, so that an answer's
 * delay tells nobody which names exist.
 */
export async function passwordMatches(stored: string | null, password: string): Promise<boolean> {
  if ([...password].length > longest) return false
  nobody ??= hashPassword(crypto.randomUUID())
  const against = stored ?? (await nobody)
  const matches = await inTurn(() => verify(against, typed(password)))
  return matches && stored !== null
}
