import type { UserId } from '../kernel/brand.ts'
import type { Origin } from '../kernel/endpoint.ts'

/** Whose client sent something, and under which name it is written. */
export interface Sender {
  readonly user: UserId
  /** The door it came through. */
  readonly app: string
  /** Where it was done unless it says so itself; null where that is not known. */
  readonly device: string | null
  /** Milliseconds since 1970, read once per request. */
  readonly now: number
}

export const isDevice = (id: string): boolean => /^[\w.-]{1,255}$/.test(id)

export const originOf = ({ user, app, device, now }: Sender): Origin => ({
  user,
  author: { app, device },
  now,
  request: null,
})
