import { Migrator } from '@mikro-orm/migrations'
import { type AnyEntity, type EntityClass, type EntitySchema, MikroORM } from '@mikro-orm/postgresql'
import pg from 'pg'

/** What each schema may lose tells them apart (docs/stores.md); `cache` always lives beside `projections`. */
export type StoreName = 'events' | 'system' | 'projections' | 'cache'

type Entities = readonly (EntityClass<AnyEntity> | EntitySchema)[]

/** What a store is made of: a schema of its own name, entities and migrations, newest last. */
export interface StoreDefinition {
  readonly name: StoreName
  readonly entities: Entities
  readonly migrations: readonly { readonly name: string; readonly class: new (...args: never[]) => object }[]
}

export interface Store {
  readonly name: StoreName
  readonly url: string
  /** The unit of work, for places where writes are few. */
  readonly orm: MikroORM
  /** The same connections for SQL on the hot path. */
  readonly pool: pg.Pool
}

export interface Stores {
  readonly events: Store
  readonly system: Store
  readonly projections: Store
  readonly cache: Store
  /** Journal and read models share a database, so that one statement can write both. */
  readonly journalBesideReadModels: boolean
  close(): Promise<void>
}

export interface StoreOptions {
  /** Connections per store; 10 where not said. */
  readonly poolSize?: number
}

export interface StoreUrls {
  readonly events: string
  readonly system: string
  readonly projections: string
}

/** Opens the stores of an instance. Connections are made when first used. */
export async function openStores(
  urls: StoreUrls,
  definitions: Readonly<Record<StoreName, StoreDefinition>>,
  options: StoreOptions = {},
): Promise<Stores> {
  const [events, system, projections, cache] = await Promise.all([
    openStore(urls.events, definitions.events, options),
    openStore(urls.system, definitions.system, options),
    openStore(urls.projections, definitions.projections, options),
    openStore(urls.projections, definitions.cache, options),
  ])
  return {
    events,
    system,
    projections,
    cache,
    journalBesideReadModels: urls.events === urls.projections,
    close: async () => {
      await Promise.all([events, system, projections, cache].map((store) => store.orm.close(true)))
    },
  }
}

export async function openStore(url: string, definition: StoreDefinition, options: StoreOptions = {}): Promise<Store> {
  const orm = await MikroORM.init({
    extensions: [Migrator],
    clientUrl: url,
    entities: [...definition.entities],
    pool: { min: 0, max: options.poolSize ?? 10 },
    // A database is made by `balados db create`, when somebody says so.
    ensureDatabase: false,
    discovery: { warnWhenNoEntities: false },
    driverOptions: { application_name: 'balados-sync', keepAlive: true },
    migrations: {
      tableName: `${definition.name}.migrations`,
      migrationsList: definition.migrations.map((m) => ({ name: m.name, class: m.class as never })),
      snapshot: false,
      transactional: true,
      allOrNothing: true,
      silent: true,
    },
    schemaGenerator: { managementDbName: 'postgres', skipTables: ['migrations'] },
    debug: false,
  })
  const pool = (await orm.em.getDriver().getConnection().getNativeClient()) as pg.Pool
  return { name: definition.name, url, orm, pool }
}

/** int8 as a number (counters here stay below 2^53), timestamptz as a Date, json parsed. */
const types = new pg.TypeOverrides()
types.setTypeParser(20, Number)
types.setTypeParser(1184, pg.types.getTypeParser(1184))

/** A statement that is parsed once per connection. */
export interface Statement {
  readonly name: string
  readonly text: string
}

export type Queryable = Pick<pg.Pool | pg.PoolClient, 'query'>

/** Runs a prepared statement and returns its rows. */
export async function rows<Row extends object>(
  db: Queryable,
  statement: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  const query = { name: statement.name, text: statement.text, values: values as unknown[], types }
  return (await (db.query as (q: typeof query) => Promise<pg.QueryResult<Row>>).call(db, query)).rows
}

/** Runs `work` in one transaction on one connection; rolls back when it throws. */
export async function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch((e: Error) => {
      broken = e
    })
    throw error
  } finally {
    client.release(broken)
  }
}
