import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildLittleHouse, type LittleHouse, runIn, shellPath } from './little-house.ts'

const project = join(import.meta.dirname, '../..')

let house: LittleHouse

beforeAll(() => {
  house = buildLittleHouse()
})

afterAll(() => house.remove())

test('npm scripts run on Node 24, whatever Node the shell has', async () => {
  const { said } = await runIn(house.path, 'npm run -s balados')
  const { node, version } = JSON.parse(said)
  expect(version).toMatch(/^24\./)
  if (process.platform === 'linux') expect(node).toContain('/node_modules/node-linux-')
})

test('npm test leaves the long runs to test:long, which makes the property tests run longer', async () => {
  const prints = (path: string) => `import { expect, test } from 'vitest'
import { runs } from '${path}'

test('runs', () => expect(runs(100, 1_000)).toBe(-1))
`
  house.plant({
    'test/support/runs.ts': readFileSync(join(project, 'test/support/runs.ts'), 'utf8'),
    'test/plain.test.ts': prints('./support/runs.ts'),
    'test/sync/merge.property.test.ts': prints('../support/runs.ts'),
    'test/sync/drill.long.test.ts': prints('../support/runs.ts'),
  })
  interface Report {
    testResults: { name: string; assertionResults: { failureMessages: string[] }[] }[]
  }
  const ran = async (script: string) => {
    const file = join(house.path, 'report.json')
    await house.run(script, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`)
    const report: Report = JSON.parse(readFileSync(file, 'utf8'))
    return Object.fromEntries(
      report.testResults.map(({ name, assertionResults }) => [
        name.slice(house.path.length + 1),
        Number(assertionResults[0]?.failureMessages[0]?.match(/expected (\d+)/)?.[1]),
      ]),
    )
  }
  expect(await ran('test')).toEqual({ 'test/plain.test.ts': 100, 'test/sync/merge.property.test.ts': 100 })
  expect(await ran('test:long')).toEqual({
    'test/sync/merge.property.test.ts': 1_000,
    'test/sync/drill.long.test.ts': 1_000,
  })
})

describe('.ci/run', () => {
  let folder: string

  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'balados-ci-')))
    mkdirSync(join(folder, '.ci'))
    cpSync(join(project, '.ci/run'), join(folder, '.ci/run'))
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  interface Script {
    readonly code: number
    readonly report?: { passed: number; failed: number; brokenFiles: number }
  }

  /** Runs it with an npm that, instead of running a script, ends with this code and leaves this report. */
  async function verdict(scripts: Readonly<Record<'ci' | 'test' | 'check' | 'test:long', Script>>) {
    const cases = Object.entries(scripts).map(([name, { code, report }]) => {
      const suites = Array.from({ length: report?.brokenFiles ?? 0 }, () => ({
        status: 'failed',
        assertionResults: [],
      }))
      const json = report && {
        numPassedTests: report.passed,
        numFailedTests: report.failed,
        testResults: [...suites, { status: 'passed', assertionResults: [] }],
      }
      const leave = json ? `echo '${JSON.stringify(json)}' >"$file"; ` : ''
      return `*' ${name} '*) ${leave}exit ${code};;`
    })
    const npm = `#!/bin/sh
echo "ran: $*"
for word in "$@"; do case "$word" in --outputFile.json=*) file="\${word#*=}";; esac; done
case " $* " in
${cases.join('\n')}
esac
`
    writeFileSync(join(folder, 'npm'), npm)
    chmodSync(join(folder, 'npm'), 0o755)
    const { code, said } = await runIn(tmpdir(), join(folder, '.ci/run'), `${folder}:${shellPath}`)
    const lines = said.trimEnd().split('\n')
    return { code, last: lines.at(-1), ran: lines.filter((line) => line.startsWith('ran: ')).length }
  }

  const fine = { ci: { code: 0 }, check: { code: 0 } }

  test('counts both vitest runs, and the check as one', async () => {
    const runs = {
      test: { code: 0, report: { passed: 40, failed: 0, brokenFiles: 0 } },
      'test:long': { code: 0, report: { passed: 7, failed: 0, brokenFiles: 0 } },
    }
    expect(await verdict({ ...fine, ...runs })).toEqual({ code: 0, last: '48 passed, 0 failed', ran: 4 })
  })

  test('goes on after a failure, and fails in the end', async () => {
    const runs = {
      test: { code: 1, report: { passed: 38, failed: 2, brokenFiles: 1 } },
      check: { code: 2 },
      'test:long': { code: 0, report: { passed: 7, failed: 0, brokenFiles: 0 } },
    }
    expect(await verdict({ ...fine, ...runs })).toEqual({ code: 1, last: '45 passed, 4 failed', ran: 4 })
  })

  test('counts a run that broke without a report as a failure', async () => {
    const runs = { test: { code: 137 }, 'test:long': { code: 1, report: { passed: 7, failed: 0, brokenFiles: 0 } } }
    expect(await verdict({ ...fine, ...runs })).toEqual({ code: 1, last: '8 passed, 2 failed', ran: 4 })
  })

  test('does not pass what could not be installed', async () => {
    const runs = { test: { code: 1 }, 'test:long': { code: 1 }, check: { code: 127 } }
    expect(await verdict({ ci: { code: 1 }, ...runs })).toMatchObject({ code: 1, last: '0 passed, 4 failed' })
  })
})
