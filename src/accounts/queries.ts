import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'

const handles: Statement = {
  name: 'handles-of',
  text: 'select id, username from system.users where id = any($1::uuid[])',
}

/** The handles by which others know these people; those without an account are left out. */
export async function handlesOf(system: Queryable, users: readonly UserId[]): Promise<ReadonlyMap<UserId, string>> {
  const found = await rows<{ id: UserId; username: string }>(system, handles, [users])
  return new Map(found.map(({ id, username }) => [id, username]))
}
