import { v5 as uuidv5 } from 'uuid'
import type { UserId } from '../kernel/brand.ts'

/** Namespace of the ids every user has from the start. Never changes: devices have stored what was made from it. */
const namespace = '5b1c2a44-6f0e-4b5e-9d53-1f7f4c6a9b10'

/** The user's "up next" list: a playlist with this id. */
export const queueOf = (user: UserId): string => uuidv5(`queue ${user}`, namespace)

/** The collection new subscriptions land in. */
export const defaultCollectionOf = (user: UserId): string => uuidv5(`default collection ${user}`, namespace)
