import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FeedWorld, feedWorld, writeFeed } from '../feeds/world.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { dataFolder, environment } from '../support/process.ts'

let world: FeedWorld
let origin: Origin
let folder: Awaited<ReturnType<typeof dataFolder>>
beforeAll(async () => {
  world = await feedWorld()
  world.now = Date.now()
  origin = await startOrigin((_, response) => void response.end(writeFeed({ title: 'Heard', episodes: [2, 1] })))
  folder = await dataFolder()
})
afterAll(async () => {
  await world.close()
  await origin.close()
  await folder.remove()
})

const cli = fileURLToPath(new URL('../../src/main/cli.ts', import.meta.url))

/** The command line beside this process, which must go on serving feeds meanwhile. */
async function balados(args: readonly string[], { input = '', env = {} } = {}) {
  const child = spawn(process.execPath, [cli, ...args], {
    env: environment({
      DATABASE_URL: world.fresh.urls.system,
      DATA_DIR: folder.path,
      ALLOW_PRIVATE_ADDRESSES: 'true',
      ...env,
    }),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(input)
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text
  })
  const [status] = await once(child, 'close')
  return { status, out, err }
}

describe('balados feeds', { timeout: 240_000 }, () => {
  test('status counts feeds and names those in trouble', async () => {
    expect((await balados(['feeds', 'status'])).out).toBe('No feed is known yet.\n')
    await world.want(`${origin.url}/good.xml`)
    await world.want(`http://127.0.0.1:1/bad.xml`)
    await world.worker.refreshDue()
    await world.want(`${origin.url}/new.xml`)
    const { out, status } = await balados(['feeds', 'status'])
    expect(status).toBe(0)
    expect(out).toMatch(/^failing +1 +1 +0 +1$/m)
    expect(out).toMatch(/^fine +1 +1 +0 +1$/m)
    expect(out).toMatch(/^new +1 +1 +1 +20\S+Z +0$/m)
    expect(out).toMatch(
      /^20\S+Z +1 +http:\/\/127\.0\.0\.1:1\/bad\.xml +it may not be asked for: port 1 is not one of the web$/m,
    )
  })

  test('refresh looks at a feed now, and says what came of it', async () => {
    const url = `${origin.url}/new.xml`
    expect(await balados(['feeds', 'refresh', url])).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^It has changed and was read\.\nRead 2 episodes, 2 new, 0 changed\. Look again in/),
    })
    expect((await balados(['feeds', 'refresh', '-'], { input: `${url}\n` })).out).toMatch(
      /^It has not changed\.\nThe same bytes/,
    )
    expect(await balados(['feeds', 'refresh', 'http://127.0.0.1:1/bad.xml'])).toMatchObject({
      status: 1,
      out: expect.stringMatching(/^It could not be read\.\nNo success: it may not be asked for/),
    })
  })

  test('refresh keeps to public addresses unless it is told otherwise', async () => {
    const refused = await balados(['feeds', 'refresh', `${origin.url}/new.xml`], {
      env: { ALLOW_PRIVATE_ADDRESSES: '' },
    })
    expect(refused).toMatchObject({ status: 1, out: expect.stringMatching(/its host is a loopback address/) })
  })

  test('why tells every decision about a feed, oldest first', async () => {
    const { out } = await balados(['feeds', 'why', `${origin.url}/new.xml`])
    expect(out).toMatch(/^Heard: failing, 2 episodes; on the list, followed by 0\.\nLooked at 20/)
    const decisions = out.split('\n').filter((line) => /^20\S+Z {2}/.test(line))
    expect(decisions.map((line) => line.slice(22).split('.')[0]?.slice(0, 26))).toEqual([
      'Read 2 episodes, 2 new, 0 ',
      'The same bytes as last tim',
      'No success: it may not be ',
    ])
    const { out: last } = await balados(['feeds', 'why', `${origin.url}/new.xml`, '--last', '1'])
    expect(last.split('\n').filter((line) => /^20\S+Z {2}/.test(line))).toHaveLength(1)
  })

  test('why tells how the hub of a feed stands', async () => {
    const extra = `<link xmlns="http://www.w3.org/2005/Atom" rel="hub" href="https://hub.example/"/>`
    const url = `${origin.url}/hub.xml`
    const podcast = await world.firstLook(origin, writeFeed({ episodes: [1], extra }), url)
    expect((await balados(['feeds', 'why', url])).out).toMatch(
      /^It names a hub, which is not asked: only for a public/m,
    )
    await world.fresh.stores.cache.pool.query(
      `insert into cache.hub_leases (id, podcast_id, hub, topic, wanted, waiting, lease_until, due_at, failures, ignored)
       values (gen_random_uuid(), $1, 'https://hub.example/', $2, true, false, '2100-01-01', now(), 0, 2)`,
      [podcast, url],
    )
    expect((await balados(['feeds', 'why', url])).out).toMatch(
      /^Its hub tells of changes until 2100-01-01T00:00:00Z\. 2 times something came without a right signature\.$/m,
    )
  })

  test('says what is wrong with a URL that no feed has', async () => {
    expect(await balados(['feeds', 'why', 'nonsense'])).toMatchObject({ status: 1, err: 'That is no URL of a feed.\n' })
    expect(await balados(['feeds', 'why', 'https://nobody.example/'])).toMatchObject({
      status: 1,
      err: 'Nobody here has named that feed yet.\n',
    })
    expect((await balados(['feeds', 'why', `${origin.url}/new.xml`, '--last', 'x'])).err).toMatch(
      /--last needs a whole number/,
    )
  })
})
