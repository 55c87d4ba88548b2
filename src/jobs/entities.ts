import { defineEntity, p } from '@mikro-orm/postgresql'

/** Job workers that live: their processes renew this, so that the jobs of a killed one can be freed. */
export const JobWorker = defineEntity({
  name: 'JobWorker',
  tableName: 'job_workers',
  schema: 'system',
  properties: { id: p.text().primary(), seenAt: p.datetime(3) },
})
