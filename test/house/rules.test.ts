import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildLittleHouse, type Files, furnished, type LittleHouse, runIn } from './little-house.ts'

let house: LittleHouse

beforeAll(async () => {
  house = buildLittleHouse()
  const formatted = await house.run('format')
  if (formatted.code !== 0) throw new Error(formatted.said)
})

afterAll(() => house.remove())

/** What a script says of the house with these files planted in it. */
const judge = (script: string, files: Files) =>
  house.inCopy(async (copy) => {
    copy.plant(files)
    return copy.run(script)
  })

test('npm run check passes a house that keeps every rule, and runs all four checks', async () => {
  const outcome = await runIn(house.path, 'npm run check')
  for (const part of ['types', 'lint', 'unused', 'imports']) expect(outcome.said).toMatch(`npm run check:${part}`)
  expect(outcome.said).toContain('no dependency violations found')
  expect(outcome.code).toBe(0)
})

describe('types: npm run check:types refuses', () => {
  const planted: Record<string, [code: string, source: string]> = {
    'a value of the wrong type': ['TS2322', `export const position: number = 'here'\n`],
    'an implicit any': ['TS7006', 'export const same = (value) => value\n'],
    'an array element taken for granted': ['TS2322', 'export const first = (feeds: string[]): string => feeds[0]\n'],
    'undefined where a property may only be missing': [
      'TS2375',
      'export const play: { device?: string } = { device: undefined }\n',
    ],
    'syntax that Node cannot strip': ['TS1294', 'export enum Level {\n  Public,\n}\n'],
    'a type imported as if it were a value': [
      'TS1484',
      `import { ObjectEncodingOptions } from 'node:fs'\n\nexport const inWhich: ObjectEncodingOptions[] = []\n`,
    ],
    'an override that does not say so': [
      'TS4114',
      'class Feed {\n  read(): void {}\n}\n\nexport class Cached extends Feed {\n  read(): void {}\n}\n',
    ],
    'a case that falls through': [
      'TS7029',
      `export function points(kind: string): number {
  let sum = 0
  switch (kind) {
    case 'save':
      sum += 3
    case 'share':
      sum += 2
  }
  return sum
}
`,
    ],
  }
  test.concurrent.each(Object.entries(planted))('%s', async (_sentence, [code, source]) => {
    const outcome = await judge('check:types', { 'src/plays/planted.ts': source })
    expect(outcome.code).not.toBe(0)
    expect(outcome.said.match(/^\S+\(.+error TS\d+/gm)).toEqual([
      expect.stringMatching(`^src/plays/planted.ts.*error ${code}$`),
    ])
  })

  test('the same in a client', async () => {
    const outcome = await judge('check:types', {
      'clients/typescript/src/planted.ts': `export const position: number = 'here'\n`,
    })
    expect(outcome.said).toMatch(/^clients\/typescript\/src\/planted.ts.*error TS2322/m)
    expect(outcome.code).not.toBe(0)
  })
})

describe('lint and format: npm run check:lint refuses', () => {
  const planted: Record<string, [rule: string, file: string, source: string, beside?: Files]> = {
    'a promise nobody waits for': [
      'lint/nursery/noFloatingPromises',
      'src/plays/planted.ts',
      `export interface Journal {
  append(fact: string): Promise<void>
}

export function play(journal: Journal): void {
  journal.append('PlayStarted')
}
`,
    ],
    'a promise of another file that nobody waits for': [
      'lint/nursery/noFloatingPromises',
      'test/planted.ts',
      `import { later } from './later.ts'\n\nlater()\n`,
      { 'test/later.ts': 'export const later = async (): Promise<void> => {}\n' },
    ],
    any: ['lint/suspicious/noExplicitAny', 'src/plays/planted.ts', 'export const row: any = null\n'],
    'a value import that is only a type': [
      'lint/style/useImportType',
      'src/plays/planted.ts',
      `import { ZodType } from 'zod'\n\nexport const shapes: ZodType[] = []\n`,
    ],
    'an unused variable': [
      'lint/correctness/noUnusedVariables',
      'src/plays/planted.ts',
      `export function now(): number {\n  const zone = 'UTC'\n  return 0\n}\n`,
    ],
    'an unused import': ['lint/correctness/noUnusedImports', 'src/plays/planted.ts', `import { z } from 'zod'\n`],
    'a non-null assertion': [
      'lint/style/noNonNullAssertion',
      'src/plays/planted.ts',
      'export const first = (feeds: readonly string[]): string => feeds[0]!\n',
    ],
    'console in the server': ['lint/suspicious/noConsole', 'src/main/web.ts', `console.log('started')\n`],
    'console in the federation': ['lint/suspicious/noConsole', 'federation/inbox.ts', `console.log('followed')\n`],
    'one of the recommended rules': [
      'lint/suspicious/noDoubleEquals',
      'test/planted.ts',
      'export const same = (a: string, b: string): boolean => a == b\n',
    ],
    'a recommended rule that by itself only warns': [
      'lint/style/useConst',
      'bench/planted.ts',
      'export function now(): number {\n  let now = 0\n  return now\n}\n',
    ],
    'any in a client': [
      'lint/suspicious/noExplicitAny',
      'clients/typescript/src/planted.ts',
      'export const row: any = null\n',
    ],
    'a semicolon': ['format', 'src/plays/planted.ts', `export const kind = 'play';\n`],
    'double quotes': ['format', 'src/plays/planted.ts', 'export const kind = "play"\n'],
    'four spaces': ['format', 'examples/planted.ts', `export function play(): string {\n    return 'play'\n}\n`],
    'a line broken before its 120th column': [
      'format',
      'migrations/events/planted.ts',
      `export const kinds = [\n  'play', 'subscription']\n`,
    ],
    'imports out of order': [
      'assist/source/organizeImports',
      'test/planted.ts',
      `import { z } from 'zod'\nimport { tmpdir } from 'node:os'\n\nexport const both = [z, tmpdir]\n`,
    ],
  }
  test.concurrent.each(Object.entries(planted))('%s', async (_sentence, [rule, file, source, beside]) => {
    const outcome = await judge('check:lint', { ...beside, [file]: source })
    expect(outcome.code).not.toBe(0)
    const findings = outcome.said.match(/^\S+ (?:(?:lint|assist)\/\S+|format)/gm)
    expect(findings?.map((finding) => finding.replace(/:\d+:\d+/, ''))).toEqual([`${file} ${rule}`])
  })
})

describe('unused: npm run check:unused refuses', () => {
  const planted: Record<string, [heading: string, culprit: string, files: Files]> = {
    'a file nothing reaches': ['Unused files', 'src/plays/planted.ts', { 'src/plays/planted.ts': [] }],
    'a file of a client nothing reaches': [
      'Unused files',
      'clients/typescript/src/planted.ts',
      { 'clients/typescript/src/planted.ts': [] },
    ],
    'an export nothing imports': [
      'Unused exports',
      'forgotten',
      { 'src/kernel/brand.ts': 'export const kernelBrand = 1\nexport const forgotten = 2\n' },
    ],
    'an exported value that only its own file needs': [
      'Unused exports',
      'inner',
      { 'src/kernel/brand.ts': 'export const inner = 1\nexport const kernelBrand = inner\n' },
    ],
    'a type nothing speaks of': [
      'Unused exported types',
      'Forgotten',
      { 'src/kernel/brand.ts': 'export const kernelBrand = 1\nexport type Forgotten = string\n' },
    ],
    'a dependency nothing imports': ['Unused dependencies', 'jose', furnished({ dependencies: { jose: '6.2.17' } })],
    'a tool nothing uses': [
      'Unused devDependencies',
      'fast-check',
      furnished({ devDependencies: { 'fast-check': '4.10.2' } }),
    ],
    'a package that is no dependency': ['Unlisted dependencies', 'jose', { 'test/planted.ts': ['jose'] }],
    'an import that leads nowhere': [
      'Unresolved imports',
      './nowhere.ts',
      { 'test/planted.ts': `import './nowhere.ts'\n` },
    ],
  }
  test.concurrent.each(Object.entries(planted))('%s', async (_sentence, [heading, culprit, files]) => {
    const outcome = await judge('check:unused', files)
    expect(outcome.code).not.toBe(0)
    expect(outcome.said.match(/^Un[a-zA-Z ]+ \(\d+\)/gm)).toEqual([`${heading} (1)`])
    expect(outcome.said).toContain(culprit)
  })

  const allowed: Record<string, Files> = {
    'an export that only a test needs': {
      'src/kernel/brand.ts': 'export const kernelBrand = 1\nexport const tested = 2\n',
      'test/planted.test.ts': `import { tested } from '../src/kernel/brand.ts'\n\ntested.toFixed()\n`,
    },
    'a type that an exported function speaks of': {
      'src/kernel/brand.ts': 'export type Brand = number\n\nexport const kernelBrand = (): Brand => 1\n',
    },
    'a worker that is started by its URL': {
      'src/main/cli.ts': `import { Worker } from 'node:worker_threads'
import { mainCompose } from './compose.ts'

new Worker(new URL('./parsing.ts', import.meta.url), { workerData: mainCompose })
`,
      'src/main/parsing.ts': [],
    },
  }
  test.concurrent.each(Object.entries(allowed))('but not %s', async (_sentence, files) => {
    expect(await judge('check:unused', files)).toMatchObject({ code: 0 })
  })
})
