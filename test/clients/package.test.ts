import { execFile, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allowInBrowser } from '../../examples/client/person.ts'
import { password, startServer, type TestServer } from '../support/instance.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const client = join(root, 'clients/typescript')

let project: string
let server: TestServer

/** A project as an app developer has one, with the client and its dependencies installed and nothing else. */
beforeAll(async () => {
  server = await startServer()
  project = await realpath(await mkdtemp(join(tmpdir(), 'balados-app-')))
  const installed = join(project, 'node_modules/@balados/sync-client')
  await mkdir(installed, { recursive: true })
  await cp(join(client, 'package.json'), join(installed, 'package.json'))
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
    await readFile(join(client, 'package.json'), 'utf8'),
  )
  for (const name of Object.keys(dependencies))
    await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name))
  // Against what browsers, Deno, Bun and Node have in common: no type of Node's is there.
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  await promisify(execFile)(process.execPath, [tsc, '-p', client, '--outDir', join(installed, 'dist')]).catch(
    ({ stdout }) => {
      throw new Error(stdout)
    },
  )
})
afterAll(async () => {
  await server.close()
  await rm(project, { recursive: true, force: true })
})

test('the quick start runs as it is written', async () => {
  const { username } = await server.addUser()
  const readme = await readFile(join(client, 'README.md'), 'utf8')
  const [, code = ''] = /## Quick start[\s\S]*?```js\n([\s\S]*?)```/.exec(readme) ?? []
  await writeFile(join(project, 'quick-start.mjs'), code)
  const child = spawn(process.execPath, ['quick-start.mjs', server.url], { cwd: project })
  const lines: string[] = []
  child.stderr.on('data', (said) => lines.push(String(said)))
  for await (const line of createInterface(child.stdout)) {
    lines.push(line)
    const [, url] = /^Open (.*)$/.exec(line) ?? []
    if (url) await fetch(await allowInBrowser(url, { username, password }))
  }
  expect(lines.slice(1)).toEqual([`Allowed by ${username}`, '1 podcast, at 754 s'])
})

test('everything the README names is there', async () => {
  const readme = await readFile(join(client, 'README.md'), 'utf8')
  const index = await readFile(join(client, 'src/index.ts'), 'utf8')
  const [, imported = ''] = /import \{([^}]*)\} from '@balados\/sync-client'/.exec(readme) ?? []
  const names = [...imported.split(','), 'exportKeyPair', 'importKeyPair', 'isThere', 'webStorage', 'createClient']
  for (const name of names.map((each) => each.trim()).filter(Boolean))
    expect(index).toMatch(new RegExp(`\\b${name}\\b`))
  for (const [, link = ''] of readme.matchAll(/\]\((?!https?:)([^)]*)\)/g))
    await expect(readFile(join(client, link), 'utf8')).resolves.toBeDefined()
})
