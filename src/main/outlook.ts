import { handlesOf } from '../accounts/queries.ts'
import type { Stores } from '../database/store.ts'
import { createBrief } from '../http/brief.ts'
import type { Journal } from '../journal/journal.ts'
import type { Upcasts } from '../kernel/decider.ts'
import type { Endpoint } from '../kernel/endpoint.ts'
import type { Catalog } from '../podcast/catalog.ts'
import type { TitlesOf } from '../podcast/titles.ts'
import { popularityEndpoints } from '../popularity/endpoints.ts'
import { popularityEntities } from '../popularity/entities.ts'
import { createPublicity, type Publicity } from '../popularity/publicity.ts'
import { timelineEndpoints } from '../timeline/endpoints.ts'
import { timelineEntities } from '../timeline/entities.ts'
import { applyToTimeline } from '../timeline/projection.ts'

/** What everybody may see of an instance: who keeps it, and where it is read. */
interface Outlook {
  readonly publicity: Publicity
  readonly endpoints: readonly Endpoint[]
}

export interface OutlookParts {
  readonly stores: Stores
  readonly journal: Journal
  readonly catalog: Catalog
  readonly upcasts: Upcasts
  readonly clock: () => number
  /** What podcasts and episodes are called. */
  readonly titlesOf: TitlesOf
}

export function createOutlook(parts: OutlookParts): Outlook {
  const { stores, catalog, clock, titlesOf } = parts
  const publicity = createPublicity({
    ...parts,
    tables: [...popularityEntities, ...timelineEntities].map(({ meta }) => meta.tableName),
    tellOthers: (client, place, changes) =>
      applyToTimeline(client, place, changes, (users) => handlesOf(stores.system.pool, users)),
  })
  const brief = createBrief()
  publicity.onChange(brief.forget)
  const reading = { projections: stores.projections.pool, catalog, titlesOf, brief }
  const endpoints = [...popularityEndpoints(reading), ...timelineEndpoints({ ...reading, clock })]
  return { publicity, endpoints }
}
