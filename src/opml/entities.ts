import { defineEntity, p } from '@mikro-orm/postgresql'
import { User } from '../accounts/index.ts'
import type { FailedEntry, Work } from './file.ts'

/** How an import stands; `failed` is one that the server itself could not carry on with. */
export const importStates = ['waiting', 'running', 'done', 'failed'] as const
export type ImportState = (typeof importStates)[number]

/** A file of subscriptions that a listener brought, and how far it is. Kept for 30 days. */
export const SubscriptionImport = defineEntity({
  name: 'SubscriptionImport',
  tableName: 'imports',
  schema: 'system',
  properties: {
    userId: () => p.manyToOne(User).mapToPk().primary().joinColumn('user_id').deleteRule('cascade'),
    id: p.uuid().primary(),
    state: p.enum([...importStates]),
    /** Under whose name it is written. */
    app: p.text(),
    device: p.text().nullable(),
    /** What the file holds; null once it is done, as URLs may be secrets. */
    work: p.json<Work>().nullable(),
    total: p.integer(),
    /** So many of the file's entries are dealt with. */
    done: p.integer(),
    subscribed: p.integer(),
    already: p.integer(),
    failed: p.json<readonly FailedEntry[]>(),
    /** In a row that came to nothing. */
    attempts: p.integer(),
    claimedBy: p.uuid().nullable(),
    /** A worker is at it until then; a killed one's import is anybody's afterwards. */
    claimedUntil: p.datetime(3).nullable(),
    askedAt: p.datetime(3).index('imports_asked_at'),
    endedAt: p.datetime(3).nullable(),
  },
  indexes: [
    {
      name: 'imports_open',
      expression: `create index imports_open on system.imports (asked_at) where state in ('waiting', 'running')`,
    },
  ],
})
