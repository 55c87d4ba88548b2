import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { password, startServer, type TestServer } from '../support/instance.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const feeds = fileURLToPath(new URL('feeds', import.meta.url))

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

/** Runs the example as a newcomer would, with these variables set beside the usual ones. */
async function example(env: Record<string, string>, ...args: string[]) {
  const { BALADOS_URL, BALADOS_USER, BALADOS_PASSWORD, ...others } = process.env
  const child = spawn(process.execPath, ['examples/two-devices.ts', ...args], { cwd: root, env: { ...others, ...env } })
  child.stdin.end()
  const [code, said, complained] = await Promise.all([
    new Promise<number | null>((resolve) => child.once('close', resolve)),
    text(child.stdout),
    text(child.stderr),
  ])
  return { code, said, complained }
}

test('two devices of one person end equal, run after run', async () => {
  const { username } = await server.addUser()
  const env = { BALADOS_URL: server.url, BALADOS_USER: username, BALADOS_PASSWORD: password }
  for (let run = 0; run < 3; run++) {
    const { code, said, complained } = await example(env, feeds)
    expect(complained).toBe('')
    expect(said).toContain(`${server.url}/authorize?token=`)
    expect(said).toMatch(/there is no network; it will try again/)
    expect(said).toMatch(/the answer was lost; it will try again/)
    expect(said).toMatch(/\nPhone and tablet are equal, and so is a new device that synced in full\.\n$/)
    expect(code).toBe(0)
  }
})

test('without an account it makes its own beside the running server, and keeps within the limits of a fresh one', async () => {
  const limited = await startServer({ rateLimits: true })
  try {
    const env = { BALADOS_URL: limited.url, DATABASE_URL: limited.fresh.urls.system, SECRET_KEY_BASE: 'x'.repeat(40) }
    const { code, said, complained } = await example(env, feeds)
    expect(complained).toBe('')
    expect(said).toMatch(/^The app asks example_[0-9a-f]{8}\./)
    expect(said).not.toContain('patience')
    expect(code).toBe(0)
  } finally {
    await limited.close()
  }
})

test('what is missing is said in a sentence', async () => {
  expect(await example({ BALADOS_URL: 'http://127.0.0.1:9' }, feeds)).toMatchObject({
    code: 1,
    complained: 'There is no server at http://127.0.0.1:9: start one with "npm start", or set BALADOS_URL.\n',
  })
  expect(await example({ BALADOS_URL: server.url })).toMatchObject({
    code: 1,
    complained: 'Say which folder holds feed files: npm run -s example -- FOLDER\n',
  })
})
