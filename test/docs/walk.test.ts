import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/instance.ts'
import { dataFolder, environment, type Server, startProcess } from '../support/process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = ['README.md', 'authorization.md', 'sync.md', 'retries.md', 'live.md', 'errors.md']

/** A block that a reader types, and what the page says comes back. */
interface Step {
  readonly where: string
  readonly command: string
  readonly expected: string
}

/** Each `sh` block of a page with the `text` block that follows it, or nothing where none does. */
function stepsOf(page: string): Step[] {
  const source = readFileSync(`${root}docs/api/${page}`, 'utf8')
  const blocks = source.matchAll(/^```sh\n(.*?)^```$(?:\n```text\n(.*?)^```$)?/gms)
  return [...blocks].map(({ index, 1: command = '', 2: expected = '' }) => {
    const line = source.slice(0, index).split('\n').length
    return { where: `${page}:${line}: ${command.split('\n')[0]}`, command, expected }
  })
}

const steps = pages.flatMap(stepsOf)
const mark = (n: number) => `--- step ${n} is over ---`

/** Runs all steps in one shell, as a reader does; answers what each of them wrote, errors included. */
async function walk(env: NodeJS.ProcessEnv): Promise<string[]> {
  const script = steps.map(({ command }, n) => `${command}\nprintf '%s\\n' '${mark(n)}'\n`).join('')
  const shell = spawn('bash', ['-c', `exec 2>&1\n${script}`], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  let rest = await text(shell.stdout)
  return steps.map((_, n) => {
    const [said = '', ...after] = rest.split(`${mark(n)}\n`)
    rest = after.join('')
    return said
  })
}

/** The expected text as a pattern: `…` is whatever varies within a line. */
const pattern = (expected: string) => new RegExp(`^${expected.split('…').map(RegExp.escape).join('[^\\n]*?')}$`)

describe('the walk through the API, as its pages say', () => {
  let folder: Awaited<ReturnType<typeof dataFolder>>
  let server: Server
  let said: readonly string[]

  beforeAll(async () => {
    folder = await dataFolder()
    const env = { PORT: String(await freePort()), DATA_DIR: folder.path, LOG_LEVEL: 'error' }
    server = await startProcess({ ...env, PUBLIC_URL: `http://localhost:${env.PORT}` })
    said = await walk({ ...environment(env), BALADOS_URL: `http://localhost:${env.PORT}` })
  }, 120_000)
  afterAll(async () => {
    await server.kill('SIGTERM')
    await folder.remove()
  })

  test('has steps on every page', () => {
    for (const page of pages) expect(stepsOf(page), page).not.toHaveLength(0)
  })

  test.each(steps.map((step, n) => ({ ...step, n })))('$where', ({ expected, n }) => {
    // The pattern alone makes a poor message; the text beside it shows what differs.
    if (!pattern(expected).test(said[n] ?? '')) expect(said[n]).toBe(expected)
  })
})
