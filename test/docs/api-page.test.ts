import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import pLimit from 'p-limit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorWords } from '../../src/http/error-words.ts'
import { exampleOf } from '../../src/http/examples.ts'
import { formats } from '../openapi/document.ts'
import { startServer, type TestServer } from '../support/instance.ts'

const run = promisify(execFile)

let server: TestServer
let page: string
beforeAll(async () => {
  server = await startServer()
  page = await (await fetch(`${server.url}/api/docs`)).text()
})
afterAll(() => server.close())

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
const unescaped = (text: string) => text.replaceAll(/&(#?\w+);/g, (_, name: string) => entities[name] ?? '?')

describe('the page of a real instance', () => {
  test('has for each operation a command to paste that the API understands', async () => {
    const user = await server.addUser()
    await server.fresh.stores.system.pool.query('update system.users set is_admin = true where id = $1', [user.id])
    const app = await server.allow(user, { scopes: ['*', 'admin.read', 'admin.write', 'user.erase'] })
    const TOKEN = app.bearer().replace('Bearer ', '')
    const commands = [...page.matchAll(/<code>(curl .*?)<\/code>/gs)].map(([, text = '']) => unescaped(text))
    expect(commands).toHaveLength(server.instance.endpoints.length)
    const several = pLimit(4)
    const paste = async (command: string) => {
      const shell = ['-c', `${command} -sS -o - -w '\\n%{http_code}'`]
      const { stdout } = await run('bash', shell, { env: { PATH: process.env.PATH, TOKEN } })
      const [status = '', ...said] = stdout.trim().split('\n').toReversed()
      // What the examples speak of need not be there; but they are well said, and at the right place.
      expect(['200', '201', '202', '204', '404', '422', '502'], `${command}\n${stdout}`).toContain(status)
      expect(said.join('\n')).not.toContain('There is nothing at this path')
    }
    await Promise.all(commands.map((command) => several(paste, command)))
  }, 120_000)

  test('links lead to what is there', () => {
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
    expect(targets.length).toBeGreaterThan(100)
    expect(targets.filter((target) => !ids.has(target))).toEqual([])
    expect(ids.size).toBe([...page.matchAll(/ id="/g)].length)
  })

  test('needs nothing from elsewhere, and no script', () => {
    expect(page).not.toMatch(/<script|<img|<iframe|style=|undefined|\[object/)
    expect([...page.matchAll(/(?:src|href)="(?!#)([^"]+)"/g)].map(([, to]) => to).toSorted()).toEqual([
      '/api/docs.css',
      '/api/openapi.json',
      '/icon.svg',
    ])
  })

  test('says every scope in the words that people read', () => {
    expect(page).toContain('<tr id="scope-user.sync">')
    expect(page).toContain('Record what you listen to, and where you stop')
  })
})

test('every example of an answer is one', async () => {
  const document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as {
    paths: Record<
      string,
      Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>
    >
    components: { schemas: Record<string, object> }
  }
  const ajv = new Ajv2020({ strict: false, formats, schemas: [{ $id: 'api:', ...document }] })
  const place = (...keys: string[]) => keys.map((key) => key.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { responses }] of Object.entries(methods)) {
      for (const [status, { content = {} }] of Object.entries(responses)) {
        for (const [media, { schema }] of Object.entries(content)) {
          const at = place('paths', path, method, 'responses', status, 'content', media, 'schema')
          const example = exampleOf({ ...schema }, document.components.schemas as never, { all: true })
          const valid = ajv.getSchema(`api:#/${at}`)
          expect(valid?.(example), `${at} ${JSON.stringify(valid?.errors)}`).toBe(true)
        }
      }
    }
  }
})

test('the guide explains every error too', () => {
  const guide = readFileSync(new URL('../../docs/api/errors.md', import.meta.url), 'utf8')
  for (const { status, code } of errorWords) expect(guide).toMatch(new RegExp(`\\| ${status} \\|.*\`${code}\``))
})
