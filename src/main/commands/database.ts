import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Command, Option } from 'commander'
import pg from 'pg'
import { migrate, migrationState } from '../../database/migrate.ts'
import type { Store, StoreName, Stores } from '../../database/store.ts'
import { migrateJobs } from '../../jobs/jobs.ts'
import { ask, CommandError, configured, confirm, table, withInstance } from '../console.ts'
import { rebuildProjections } from './projections.ts'

const names: readonly StoreName[] = ['events', 'system', 'projections', 'cache']
const storeOption = () => new Option('--store <name>', 'only this store').choices(names)
interface StoreChoice {
  store?: StoreName
}

const chosen = (stores: Stores, { store }: StoreChoice): readonly Store[] =>
  store === undefined ? names.map((name) => stores[name]) : [stores[store]]

const silent = { info: () => {}, warn: console.warn, error: console.error }

export function addDatabaseCommands(program: Command): void {
  const db = program.command('db').description('the databases of the stores')

  db.command('create')
    .description('create the configured databases where they are missing')
    .addOption(storeOption())
    .action(async (options: StoreChoice) => {
      for (const said of await createDatabases(options)) console.log(said)
    })

  db.command('init')
    .description('create the databases and bring their schemas up to date')
    .addOption(storeOption())
    .action(async (options: StoreChoice) => {
      for (const said of await createDatabases(options)) console.log(said)
      await migrateChosen(options)
    })

  db.command('migrate').description('bring the schemas up to date').addOption(storeOption()).action(migrateChosen)

  db.command('status')
    .description('which migrations are applied, which are pending')
    .addOption(storeOption())
    .action((options: StoreChoice) =>
      withInstance(async ({ stores }) => {
        const states = await Promise.all(chosen(stores, options).map(migrationState))
        console.log(
          table(
            ['store', 'applied', 'pending'],
            states.map((s) => [s.store, s.applied.length, s.pending.length === 0 ? 'none' : s.pending.join(', ')]),
          ),
        )
      }, false),
    )

  db.command('reset')
    .description('empty stores; what can not be made again asks for the name of what will be lost')
    .option('--projections', 'read models: safe, they are rebuilt from the journal')
    .option('--system', 'accounts, grants, the catalog, the job queue')
    .option('--events', 'the journal: everything listeners ever did')
    .option('--all', 'everything')
    .option('--yes-i-lose <name>', 'the name of what will be lost, for scripts')
    .action(reset)

  program
    .command('migration')
    .description('for developers: migrations')
    .command('create')
    .description('write an empty migration, or what the entities differ from the database in')
    .argument('<name>', 'in kebab-case')
    .addOption(storeOption().makeOptionMandatory())
    .action((name: string, { store }: Required<StoreChoice>) => createMigration(name, store))
}

const migrateChosen = (options: StoreChoice) =>
  withInstance(async ({ stores }) => {
    const done = await migrate(chosen(stores, options))
    if (options.store === undefined || options.store === 'system') await migrateJobs(stores.system, silent)
    console.log(done.length === 0 ? 'Up to date.' : `Applied ${done.join(', ')}.`)
  }, false)

async function createDatabases({ store }: StoreChoice): Promise<string[]> {
  const { databases } = await configured()
  if (!databases) return ['The embedded database is made when it is first used.']
  const urls = { ...databases, cache: databases.projections }
  const said: string[] = []
  for (const url of new Set(store === undefined ? Object.values(urls) : [urls[store]])) {
    const name = decodeURIComponent(new URL(url).pathname.slice(1))
    const management = new URL(url)
    management.pathname = '/postgres'
    const client = new pg.Client(management.toString())
    await client.connect()
    try {
      const found = await client.query('select from pg_database where datname = $1', [name])
      if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`)
      said.push(found.rowCount === 0 ? `Created the database ${name}.` : `The database ${name} exists.`)
    } finally {
      await client.end()
    }
  }
  return said
}

interface ResetChoice {
  projections?: boolean
  system?: boolean
  events?: boolean
  all?: boolean
  yesILose?: string
}

async function reset(options: ResetChoice): Promise<void> {
  const wanted = (['projections', 'system', 'events', 'all'] as const).filter((name) => options[name])
  const [what] = wanted
  if (what === undefined || wanted.length > 1) {
    throw new CommandError('Say which: --projections, --system, --events, or --all.')
  }
  if (what === 'projections') {
    const sure =
      options.yesILose === what || (await confirm('Empty the read models and rebuild them from the journal?'))
    if (!sure) throw new CommandError('Nothing was changed.')
  } else {
    const typed = options.yesILose ?? (await ask(`This loses ${what} for ever. Type "${what}" to go on: `)).trim()
    if (typed !== what) throw new CommandError('Nothing was changed.')
  }
  await withInstance(async (workshop) => {
    const { stores } = workshop
    const doomed = what === 'all' ? names : [what]
    for (const name of doomed) await empty(stores[name])
    // A new journal knows nothing of what read models show, and read models of nobody's events would linger.
    if (what === 'events') await empty(stores.projections)
    await migrate(names.map((name) => stores[name]))
    await migrateJobs(stores.system, silent)
    if (what === 'projections') console.log(await rebuildProjections(workshop))
    console.log(`Reset ${what}.`)
  }, false)
}

async function empty(store: Store): Promise<void> {
  await store.pool.query(`drop schema if exists ${store.name} cascade`)
  if (store.name === 'system') await store.pool.query('drop schema if exists jobs cascade')
}

async function createMigration(name: string, store: StoreName): Promise<void> {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw new CommandError('The name must be kebab-case: add-follower-lag.')
  const up = await withInstance(async ({ stores }) => {
    const sql = await stores[store].orm.schema.getUpdateSchemaSQL({ wrap: false, safe: true })
    return sql
      .split(/;\n+/)
      .map((s) => s.trim().replace(/;$/, ''))
      .filter(Boolean)
  })
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  const className = name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())
  const folder = fileURLToPath(new URL(`../../../migrations/${store}/`, import.meta.url))
  await mkdir(folder, { recursive: true })
  const file = `${stamp}-${name}.ts`
  const statements = up.length > 0 ? up : ['select 1']
  await writeFile(
    `${folder}${file}`,
    `import { Migration } from '@mikro-orm/migrations'

export class ${className} extends Migration {
  override up(): void {
${statements.map((s) => `    this.addSql(\`${s.replaceAll('`', '\\`').replaceAll('${', '\\${')}\`)`).join('\n')}
  }

  override down(): void {
    throw new Error('say how to undo this')
  }
}
`,
  )
  console.log(`Wrote migrations/${store}/${file}: finish it, then list it in src/main/stores.ts.`)
}
