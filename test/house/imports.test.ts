import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { IConfiguration } from 'dependency-cruiser'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildLittleHouse, type Files, type LittleHouse } from './little-house.ts'

let house: LittleHouse

beforeAll(() => {
  house = buildLittleHouse()
})

afterAll(() => house.remove())

/**
 * By rule, files that break it: each import of each file, and nothing else. A file without imports is there to be
 * imported.
 */
const planted: Record<string, Readonly<Record<string, readonly string[]>>> = {
  'every-file-has-a-room': { 'src/plays/planted.ts': ['src/utils/dates.ts'], 'src/utils/dates.ts': [] },
  'every-importer-has-a-room': { 'src/utils/dates.ts': ['src/kernel/brand.ts'], 'src/planted.ts': ['zod'] },
  'imports-resolve': { 'src/plays/planted.ts': ['src/plays/nowhere.ts'], 'federation/planted.ts': ['left-pad'] },
  'no-circles': { 'src/history/one.ts': ['src/history/two.ts'], 'src/history/two.ts': ['src/history/one.ts'] },
  'kernel-imports-nothing': {
    'src/kernel/planted.ts': ['src/podcast/names.ts'],
    'src/kernel/clock.ts': ['node:timers/promises'],
    'src/kernel/identity.ts': ['uuid'],
  },
  'kernel-takes-only-types-from-zod': { 'src/kernel/planted.ts': ['zod'] },
  'podcast-imports-only-kernel': {
    'src/podcast/planted.ts': ['src/database/store.ts'],
    'src/podcast/matching.ts': ['src/plays/events.ts'],
  },
  'catalog-imports-only-kernel-and-database': {
    'src/podcast/catalog.ts': ['src/journal/append.ts'],
    'src/podcast/entities.ts': ['src/jobs/queue.ts'],
  },
  'deciders-are-pure': {
    'src/history/decider.ts': ['node:crypto'],
    'src/playlists/decider.ts': ['src/plays/events.ts'],
    'src/playlists/events.ts': ['src/database/store.ts'],
    'src/playlists/merge.ts': ['uuid'],
    'src/privacy/decider.ts': ['src/podcast/catalog.ts'],
    'src/plays/decider.ts': ['src/plays/entities.ts'],
  },
  'merges-of-doors-are-pure': {
    'src/gpodder/merge.ts': ['src/database/store.ts'],
    'src/nextcloud/merge.ts': ['node:fs'],
    'src/sync/merge.ts': ['src/plays/queries.ts'],
  },
  'database-imports-only-kernel': {
    'src/database/planted.ts': ['src/podcast/names.ts'],
    'src/database/migrate.ts': ['migrations/events/0001.ts'],
  },
  'journal-imports-only-kernel-podcast-database': {
    'src/journal/planted.ts': ['src/plays/events.ts'],
    'src/journal/follow.ts': ['src/jobs/queue.ts'],
  },
  'jobs-import-only-kernel-database-journal': {
    'src/jobs/planted.ts': ['src/plays/queries.ts'],
    'src/jobs/names.ts': ['src/podcast/names.ts'],
  },
  'outbound-imports-only-kernel': {
    'src/outbound/planted.ts': ['src/database/store.ts'],
    'src/outbound/fetch.ts': ['src/http/server.ts'],
  },
  'http-imports-only-kernel-podcast': {
    'src/http/planted.ts': ['src/plays/queries.ts'],
    'src/http/session.ts': ['src/database/store.ts'],
    'src/http/sync.ts': ['src/sync/endpoints.ts'],
  },
  'only-endpoints-and-pages-know-http': {
    'src/history/queries.ts': ['src/http/layout.ts'],
    'src/history/sessions.ts': ['src/http/server.ts'],
  },
  'endpoints-and-pages-are-the-top-of-a-slice': {
    'src/history/queries.ts': ['src/history/endpoints.ts', 'src/history/pages/list.ts', 'src/history/index.ts'],
    'src/history/endpoints.ts': [],
    'src/history/pages/list.ts': [],
    'src/history/index.ts': [],
  },
  'slices-meet-in-events-and-queries': {
    'src/history/queries.ts': ['src/plays/entities.ts'],
    'src/history/projection.ts': ['src/plays/decider.ts'],
    'src/history/endpoints.ts': ['src/plays/index.ts'],
  },
  'slices-do-not-know-doors': {
    'src/history/endpoints.ts': ['src/sync/endpoints.ts'],
    'src/history/queries.ts': ['src/sync/merge.ts'],
  },
  'doors-enter-slices-by-their-index': {
    'src/gpodder/endpoints.ts': ['src/plays/decider.ts'],
    'src/nextcloud/endpoints.ts': ['src/plays/projection.ts'],
  },
  'doors-do-not-know-each-other': { 'src/gpodder/endpoints.ts': ['src/sync/merge.ts'] },
  'nextcloud-knows-only-the-index-of-gpodder': {
    'src/gpodder/stamps.ts': [],
    'src/nextcloud/planted.ts': ['src/gpodder/stamps.ts'],
    'src/nextcloud/index.ts': ['src/sync/merge.ts'],
  },
  'only-main-imports-federation': {
    'src/timeline/endpoints.ts': ['federation/publisher.ts'],
    'src/gpodder/endpoints.ts': ['federation/publisher.ts'],
    'migrations/events/0002.ts': ['federation/publisher.ts'],
  },
  'nothing-imports-main': {
    'src/timeline/endpoints.ts': ['src/main/compose.ts'],
    'federation/planted.ts': ['src/main/compose.ts'],
  },
  'the-house-does-not-import-its-tests': {
    'src/timeline/queries.ts': ['bench/journal.ts'],
    'src/main/web.ts': ['test/support/global-setup.ts'],
    'federation/planted.ts': ['examples/two-devices.ts'],
    'src/sync/planted.ts': ['clients/typescript/src/client.ts'],
  },
  'the-house-stands-without-dev-dependencies': { 'src/main/web.ts': ['vitest'], 'federation/planted.ts': ['knip'] },
}

/** What `npm run check:imports` finds in the house with these files planted in it: rule and importing file. */
const findings = (files: Files) =>
  house.inCopy(async (copy) => {
    copy.plant(files)
    const { code, said } = await copy.run('check:imports')
    expect(code === 0, said).toBe(said.includes('no dependency violations found'))
    return [...said.matchAll(/^ +error (\S+): (\S+) →/gm)].map(([, rule, from]) => `${rule}: ${from}`).sort()
  })

test('every import rule is planted here, says why, and is an error', async () => {
  const file = pathToFileURL(join(import.meta.dirname, '../../.dependency-cruiser.mjs')).href
  const configuration: { default: IConfiguration } = await import(file)
  const rules = configuration.default.forbidden ?? []
  expect(rules.map((rule) => rule.name)).toEqual(Object.keys(planted))
  for (const rule of rules) expect(rule).toMatchObject({ severity: 'error', comment: expect.stringMatching(/\.$/) })
})

test('a house that keeps every rule passes', async () => {
  expect(await findings({})).toEqual([])
})

test.concurrent.each(Object.entries(planted))('npm run check:imports refuses what breaks %s', async (rule, files) => {
  const expected =
    rule === 'no-circles'
      ? [`${rule}: src/history/one.ts`]
      : Object.entries(files).flatMap(([file, imports]) => imports.map(() => `${rule}: ${file}`))
  expect(await findings(files)).toEqual(expected.sort())
})

test('a circle is seen through every way of naming a file, types too', async () => {
  const ways: Record<string, string> = {
    import: `import { one } from './one.ts'\n\nexport const two = one\n`,
    effect: `import './one.ts'\n`,
    type: `import type { One } from './one.ts'\n\nexport type Two = One\n`,
    'inline-type': `import { type One } from './one.ts'\n\nexport type Two = One\n`,
    'type-of-a-file': `export type Two = Promise<readonly import('./one.ts').One[]>\n`,
    export: `export { one } from './one.ts'\n`,
    'export-type': `export type { One } from './one.ts'\n`,
    'export-all': `export * from './one.ts'\n`,
    'export-as': `export * as one from './one.ts'\n`,
    dynamic: `export const two = { later: async () => (await import('./one.ts')).one } satisfies object\n`,
    using: `export async function two() {\n  await using one = (await import('./one.ts')).open()\n  return one\n}\n`,
  }
  const files = Object.entries(ways).flatMap(([way, source]) => [
    [`src/history/${way}/one.ts`, `import './two.ts'\n`] as const,
    [`src/history/${way}/two.ts`, source] as const,
  ])
  expect(await findings(Object.fromEntries(files))).toEqual(
    Object.keys(ways)
      .map((way) => `no-circles: src/history/${way}/one.ts`)
      .sort(),
  )
})
