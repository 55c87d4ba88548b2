import { defineEntity, p } from '@mikro-orm/postgresql'

/** Counts of `counters.ts`; the columns are those its library writes. */
export const RateLimit = defineEntity({
  name: 'RateLimit',
  tableName: 'rate_limits',
  schema: 'system',
  properties: {
    key: p.string().length(255).primary(),
    points: p.integer().default(0),
    /** Milliseconds since 1970. */
    expire: p.bigint('number').nullable(),
  },
})
