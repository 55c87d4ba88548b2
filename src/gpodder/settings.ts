import { createHash } from 'node:crypto'
import { rows, type Store } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'
import { type Refusal, refuse } from '../kernel/refusal.ts'

type Values = Readonly<Record<string, unknown>>

/** What clients keep here for themselves, of an account, a device, a podcast or an episode. */
export interface Settings {
  read(user: UserId, about: string): Promise<Values>
  /** Answers what they are then; refuses what would make them too large. */
  change(user: UserId, about: string, set: Values, remove: readonly string[]): Promise<Values | Refusal>
}

/** Bytes of the settings of one thing; these are switches and short texts. */
const largest = 64 * 1024

const readStatement = {
  name: 'gpodder_settings_read',
  text: 'select "values" from system.door_settings where user_id = $1 and about = $2',
}
const changeStatement = {
  name: 'gpodder_settings_change',
  text: `insert into system.door_settings as s (user_id, about, "values") values ($1, $2, $3::jsonb - $4::text[])
    on conflict (user_id, about) do update set "values" = (s."values" || $3::jsonb) - $4::text[]
    where octet_length((s."values" || $3::jsonb)::text) <= $5
    returning "values"`,
}

const hashed = (about: string): string => createHash('sha256').update(about).digest('base64url')

export function createSettings(system: Store): Settings {
  return {
    read: async (user, about) => {
      const [row] = await rows<{ values: Values }>(system.pool, readStatement, [user, hashed(about)])
      return row?.values ?? {}
    },
    change: async (user, about, set, remove) => {
      const text = JSON.stringify(set)
      const values = [user, hashed(about), text, remove, largest]
      const [row] =
        Buffer.byteLength(text) > largest ? [] : await rows<{ values: Values }>(system.pool, changeStatement, values)
      return row?.values ?? refuse('payload_too_large', `Settings of one thing may take ${largest} bytes.`)
    },
  }
}
