import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

/** The house these tests belong to: the tools and their configuration come from here, nothing is copied by hand. */
const project = join(import.meta.dirname, '../..')

const configuration = [
  'tsconfig.json',
  'biome.jsonc',
  'knip.jsonc',
  '.dependency-cruiser.mjs',
  '.gitignore',
  'vitest.config.ts',
  'vitest.long.config.ts',
]

const manifest: {
  type: string
  scripts: Record<string, string>
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
} = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))

/** Source by path; an array is a file that imports just these (paths, or packages). */
export type Files = Readonly<Record<string, string | readonly string[]>>

/**
 * A house with one file of every sort, which imports all it may: what the rules must let through. The other way
 * round it shows that a planted violation is refused for itself, since nothing else in here is.
 */
const rooms: Files = {
  'src/kernel/brand.ts': [],
  'src/kernel/endpoint.ts': `import type { z } from 'zod'
import { kernelBrand } from './brand.ts'

export function kernelEndpoint(shape?: z.ZodType): readonly unknown[] {
  return [shape, kernelBrand]
}
`,
  'src/podcast/names.ts': ['src/kernel/brand.ts', 'zod', 'node:crypto'],
  'src/podcast/entities.ts': ['src/database/store.ts', 'src/podcast/names.ts'],
  'src/podcast/catalog.ts': ['src/database/store.ts', 'src/podcast/entities.ts'],
  'src/database/store.ts': ['src/kernel/brand.ts'],
  'src/journal/append.ts': ['src/kernel/brand.ts', 'src/podcast/names.ts', 'src/database/store.ts'],
  'src/jobs/queue.ts': ['src/kernel/brand.ts', 'src/database/store.ts', 'src/journal/append.ts'],
  'src/outbound/fetch.ts': ['src/kernel/brand.ts'],
  'src/http/server.ts': ['src/kernel/endpoint.ts', 'src/podcast/names.ts', 'src/http/layout.ts'],
  'src/http/layout.ts': [],
  'src/subscriptions/events.ts': ['src/kernel/brand.ts'],
  'src/subscriptions/queries.ts': ['src/subscriptions/events.ts', 'src/database/store.ts'],
  'src/plays/events.ts': ['src/kernel/brand.ts', 'src/podcast/names.ts', 'zod'],
  'src/plays/merge.ts': ['src/plays/events.ts'],
  'src/plays/decider.ts': ['src/kernel/brand.ts', 'src/podcast/names.ts', 'src/plays/events.ts', 'src/plays/merge.ts'],
  'src/plays/entities.ts': ['src/database/store.ts', 'src/plays/events.ts'],
  'src/plays/projection.ts': ['src/journal/append.ts', 'src/plays/entities.ts', 'src/subscriptions/events.ts'],
  'src/plays/queries.ts': ['src/plays/entities.ts', 'src/subscriptions/queries.ts'],
  'src/feeds/refresh.ts': ['src/outbound/fetch.ts', 'src/plays/queries.ts'],
  'src/plays/tidying.ts': ['src/jobs/queue.ts', 'src/plays/queries.ts'],
  'src/plays/endpoints.ts': ['src/http/server.ts', 'src/plays/queries.ts', 'src/plays/decider.ts'],
  'src/plays/pages.ts': ['src/http/layout.ts', 'src/plays/queries.ts', 'src/subscriptions/queries.ts'],
  'src/plays/index.ts': [
    'src/plays/endpoints.ts',
    'src/plays/pages.ts',
    'src/plays/projection.ts',
    'src/plays/tidying.ts',
  ],
  'src/sync/merge.ts': ['src/kernel/brand.ts', 'src/plays/events.ts', 'src/subscriptions/events.ts'],
  'src/sync/endpoints.ts': [
    'src/http/server.ts',
    'src/journal/append.ts',
    'src/plays/index.ts',
    'src/subscriptions/queries.ts',
    'src/sync/merge.ts',
  ],
  'src/gpodder/index.ts': ['src/subscriptions/queries.ts'],
  'src/nextcloud/index.ts': ['src/gpodder/index.ts'],
  'federation/publisher.ts': [
    'src/kernel/brand.ts',
    'src/outbound/fetch.ts',
    'src/plays/queries.ts',
    'federation/activities/plays.ts',
  ],
  'federation/activities/plays.ts': ['src/plays/events.ts'],
  'migrations/events/0001.ts': ['src/kernel/brand.ts'],
  'src/main/compose.ts': [
    'src/podcast/catalog.ts',
    'federation/publisher.ts',
    'migrations/events/0001.ts',
    'src/plays/index.ts',
    'src/feeds/refresh.ts',
    'src/sync/endpoints.ts',
    'src/nextcloud/index.ts',
  ],
  'src/main/cli.ts': `import { mainCompose } from './compose.ts'

console.log(JSON.stringify({ node: process.execPath, version: process.versions.node, parts: mainCompose.length }))
`,
  'test/support/global-setup.ts': 'export default function setUp(): void {}\n',
  'bench/journal.ts': ['src/journal/append.ts'],
  'examples/two-devices.ts': ['src/kernel/brand.ts', 'clients/typescript/src/index.ts'],
  'clients/typescript/src/index.ts': ['clients/typescript/src/client.ts'],
  'clients/typescript/src/client.ts': [],
}

export interface LittleHouse {
  readonly path: string
  /** Writes files over those that stand there. */
  plant(files: Files): void
  /** Runs a script of package.json as npm would, without npm's second of starting. */
  run(script: string, ...more: string[]): Promise<Outcome>
  /** Does something with a copy, which is gone afterwards. */
  inCopy<T>(work: (copy: LittleHouse) => Promise<T>): Promise<T>
  remove(): void
}

export interface Outcome {
  readonly code: number | null
  /** Both streams, as they came. */
  readonly said: string
}

/** Builds the house in a temporary folder, with the real configuration, scripts and tools. */
export function buildLittleHouse(): LittleHouse {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'balados-house-')))
  for (const file of configuration) cpSync(join(project, file), join(path, file))
  symlinkSync(join(project, 'node_modules'), join(path, 'node_modules'))
  const house = inhabit(path)
  house.plant(rooms)
  house.plant(furnished())
  return house
}

/** The project's package.json with just the packages the little house needs, and these. */
export function furnished(
  more: Partial<Record<'dependencies' | 'devDependencies', Record<string, string>>> = {},
): Files {
  const tools = ['@biomejs/biome', '@swc/core', '@types/node', 'dependency-cruiser', 'knip', 'typescript', 'vitest']
  const own = {
    type: manifest.type,
    scripts: manifest.scripts,
    dependencies: { ...only(manifest.dependencies, ['zod']), ...more.dependencies },
    devDependencies: { ...only(manifest.devDependencies, tools), ...more.devDependencies },
  }
  return { 'package.json': `${JSON.stringify(own, null, 2)}\n` }
}

function inhabit(path: string): LittleHouse {
  return {
    path,
    plant: (files) => {
      for (const [file, content] of Object.entries(files)) {
        mkdirSync(dirname(join(path, file)), { recursive: true })
        writeFileSync(join(path, file), typeof content === 'string' ? content : fileThatImports(file, content))
      }
    },
    run: (script, ...more) => {
      const command = manifest.scripts[script]
      if (command === undefined) throw new Error(`package.json has no script ${script}`)
      return runIn(path, [command, ...more].join(' '), `${join(path, 'node_modules/.bin')}:${shellPath}`)
    },
    inCopy: async (work) => {
      const other = realpathSync(mkdtempSync(join(tmpdir(), 'balados-house-')))
      try {
        cpSync(path, other, { recursive: true, verbatimSymlinks: true })
        return await work(inhabit(other))
      } finally {
        rmSync(other, { recursive: true, force: true })
      }
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** The PATH of somebody's shell: without `node_modules/.bin`, where vitest was started from. */
export const shellPath = (process.env.PATH ?? '')
  .split(':')
  .filter((folder) => !folder.includes('node_modules'))
  .join(':')

/** Runs a shell command with nothing of vitest's own environment around it. */
export function runIn(cwd: string, command: string, path: string = shellPath): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
  const child = spawn(command, { cwd, shell: true, env: { PATH: path, HOME: process.env.HOME, NO_COLOR: '1' } })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said += text
    })
  }
  child.on('error', reject).on('close', (code) => resolve({ code, said }))
  return promise
}

/** `src/plays/events.ts` exports `playsEvents`, which holds whatever it imports. */
function fileThatImports(file: string, imports: readonly string[]): string {
  const lines = imports.map((from) =>
    from.endsWith('.ts')
      ? `import { ${nameOf(from)} } from '${pathTo(file, from)}'`
      : `import * as ${nameOf(from)} from '${from}'`,
  )
  return `${lines.join('\n')}\n\nexport const ${nameOf(file)}: readonly unknown[] = [${imports.map(nameOf).join(', ')}]\n`
}

function pathTo(file: string, target: string): string {
  const path = relative(dirname(file), target)
  return path.startsWith('.') ? path : `./${path}`
}

function nameOf(path: string): string {
  const words = path
    .replace(/^(src|node:)\/?/, '')
    .replace(/\.ts$/, '')
    .split(/[^a-zA-Z0-9]+/)
  return words.map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('')
}

function only(all: Record<string, string>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)))
}
