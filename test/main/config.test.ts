import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Config, describeProblem, loadConfig, readConfig, variables } from '../../src/main/config.ts'
import { isPublic } from '../../src/main/public-host.ts'

const databaseUrl = 'postgres://balados:hunter22@db/balados'

function config(env: NodeJS.ProcessEnv): Config {
  const read = readConfig(env)
  if (Array.isArray(read)) throw new Error(read.map(describeProblem).join('\n'))
  return read
}

function problems(env: NodeJS.ProcessEnv): string[] {
  const read = readConfig(env)
  return Array.isArray(read) ? read.map(describeProblem) : []
}

describe('the configuration', () => {
  test('has a default for everything', () => {
    expect(readConfig({})).toEqual({
      port: 4000,
      host: undefined,
      publicUrl: 'http://localhost:4000',
      playDomain: undefined,
      databases: undefined,
      secretKeyBase: undefined,
      dataDir: resolve('data'),
      role: 'all',
      registration: undefined,
      federation: 'open',
      smtpUrl: undefined,
      logLevel: 'info',
      trustedProxies: 0,
      allowPrivateAddresses: false,
      rateLimits: true,
    })
  })

  test('takes every variable', () => {
    expect(
      readConfig({
        PORT: '8080',
        HOST: '::1',
        PUBLIC_URL: 'https://Podcasts.example.org:443/',
        PLAY_DOMAIN: 'Play.example.org',
        DATABASE_URL: databaseUrl,
        SYSTEM_DATABASE_URL: 'postgresql://db/system',
        EVENT_STORE_URL: 'postgres:///events?host=/run/postgresql',
        SECRET_KEY_BASE: 's'.repeat(32),
        DATA_DIR: '/var/lib/balados',
        ROLE: 'worker',
        REGISTRATION: 'approval',
        FEDERATION: 'allowlist',
        SMTP_URL: 'smtps://balados:pw@mail.example.org:465',
        LOG_LEVEL: 'DEBUG',
        TRUST_PROXY: '2',
        ALLOW_PRIVATE_ADDRESSES: 'no',
        RATE_LIMITS: 'yes',
      }),
    ).toEqual({
      port: 8080,
      host: '::1',
      publicUrl: 'https://podcasts.example.org',
      playDomain: 'play.example.org',
      databases: {
        projections: databaseUrl,
        system: 'postgresql://db/system',
        events: 'postgres:///events?host=/run/postgresql',
      },
      secretKeyBase: 's'.repeat(32),
      dataDir: '/var/lib/balados',
      role: 'worker',
      registration: 'approval',
      federation: 'allowlist',
      smtpUrl: 'smtps://balados:pw@mail.example.org:465',
      logLevel: 'debug',
      trustedProxies: 2,
      allowPrivateAddresses: false,
      rateLimits: true,
    })
  })

  test('puts everything in one database where only that is given', () => {
    expect(config({ DATABASE_URL: databaseUrl }).databases).toEqual({
      projections: databaseUrl,
      system: databaseUrl,
      events: databaseUrl,
    })
  })

  test('builds its default address from the port', () => {
    expect(config({ PORT: '5000' }).publicUrl).toBe('http://localhost:5000')
  })

  test('counts an empty variable as unset and ignores what it does not know', () => {
    const empty = Object.fromEntries(variables.map((variable) => [variable, ' ']))
    expect(readConfig({ ...empty, PROT: 'x' })).toEqual(readConfig({}))
  })

  test.each([
    ['true', 1],
    ['on', 1],
    ['1', 1],
    ['3', 3],
    ['0', 0],
    ['no', 0],
  ])('TRUST_PROXY=%s trusts %i proxies', (value, hops) => {
    expect(config({ TRUST_PROXY: value }).trustedProxies).toBe(hops)
  })

  test.each(['true', '1', 'yes', 'on', 'TRUE'])('%s is yes', (value) => {
    expect(config({ ALLOW_PRIVATE_ADDRESSES: value }).allowPrivateAddresses).toBe(true)
  })

  test.each(['false', '0', 'no', 'off', 'Off'])('%s is no', (value) => {
    expect(config({ RATE_LIMITS: value }).rateLimits).toBe(false)
  })
})

describe('a wrong value is named with what is expected', () => {
  const worldwide = 'https://podcasts.example.org'
  test.each<[NodeJS.ProcessEnv, string]>([
    [{ PORT: '0' }, 'PORT: out of range; expected a whole number from 1 to 65535'],
    [{ PORT: '65536' }, 'PORT: out of range; expected a whole number from 1 to 65535'],
    [{ PORT: '80a' }, 'PORT: not a whole number; expected a whole number from 1 to 65535'],
    [{ PORT: '-1' }, 'PORT: not a whole number; expected a whole number from 1 to 65535'],
    [{ HOST: 'localhost:80' }, 'HOST: not an address; expected an IP address or host name'],
    [{ PUBLIC_URL: 'podcasts.example.org' }, 'PUBLIC_URL: not an http or https URL; expected the address people use'],
    [{ PUBLIC_URL: 'ftp://example.org' }, 'PUBLIC_URL: not an http or https URL'],
    [{ PUBLIC_URL: 'https://example.org/balados' }, 'PUBLIC_URL: has a path, query or fragment'],
    [{ PUBLIC_URL: 'https://example.org/?' }, 'PUBLIC_URL: has a path, query or fragment'],
    [{ PUBLIC_URL: 'https://me:pw@example.org' }, 'PUBLIC_URL: carries a name or password'],
    [{ PLAY_DOMAIN: 'https://play.example.org' }, 'PLAY_DOMAIN: not a host name; expected a host name of its own'],
    [{ PLAY_DOMAIN: 'play.example.org/x' }, 'PLAY_DOMAIN: not a host name'],
    [{ PLAY_DOMAIN: 'localhost' }, 'PLAY_DOMAIN: the host of PUBLIC_URL; expected another host'],
    [{ PLAY_DOMAIN: 'a.example:90', PUBLIC_URL: 'http://a.example' }, 'PLAY_DOMAIN: the host of PUBLIC_URL'],
    [{ DATABASE_URL: 'mysql://db' }, 'DATABASE_URL: not a postgres URL; expected postgres://… or postgresql://…'],
    [{ DATABASE_URL: 'postgres:db' }, 'DATABASE_URL: a URL without //; expected postgres://…'],
    [{ SYSTEM_DATABASE_URL: databaseUrl }, 'SYSTEM_DATABASE_URL: set without DATABASE_URL; expected DATABASE_URL'],
    [{ EVENT_STORE_URL: databaseUrl }, 'EVENT_STORE_URL: set without DATABASE_URL; expected DATABASE_URL as well'],
    [{ EVENT_STORE_URL: 'db', DATABASE_URL: databaseUrl }, 'EVENT_STORE_URL: not a postgres URL'],
    [{ SECRET_KEY_BASE: 's'.repeat(31) }, 'SECRET_KEY_BASE: too short; expected at least 32 random characters'],
    [{ ROLE: 'both' }, 'ROLE: not a known value; expected all, web, or worker'],
    [{ ROLE: 'web' }, 'ROLE: the embedded database serves only the role all; expected all, or DATABASE_URL as well'],
    [{ ROLE: 'worker' }, 'ROLE: the embedded database serves only the role all'],
    [{ REGISTRATION: 'yes' }, 'REGISTRATION: not a known value; expected open, invitation, approval, or closed'],
    [{ FEDERATION: 'on' }, 'FEDERATION: not a known value; expected open, allowlist, or off'],
    [{ SMTP_URL: 'mail.example.org' }, 'SMTP_URL: not a smtp URL; expected smtp://… or smtps://…'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL: not a known value; expected fatal, error, warn'],
    [
      { TRUST_PROXY: '10.0.0.1' },
      'TRUST_PROXY: neither a number nor true or false; expected true, false or the number',
    ],
    [{ ALLOW_PRIVATE_ADDRESSES: 'maybe' }, 'ALLOW_PRIVATE_ADDRESSES: neither true nor false; expected true, 1, yes'],
    [{ ALLOW_PRIVATE_ADDRESSES: 'on', PUBLIC_URL: worldwide }, 'ALLOW_PRIVATE_ADDRESSES: refused with a public PUBLIC'],
    [
      { RATE_LIMITS: 'off', PUBLIC_URL: worldwide },
      'RATE_LIMITS: refused with a public PUBLIC_URL; expected it only on',
    ],
    [{ RATE_LIMITS: 'some' }, 'RATE_LIMITS: neither true nor false'],
  ])('%o', (env, message) => {
    expect(problems(env)).toEqual([expect.stringContaining(message)])
  })

  test('all at once', () => {
    const wrong = { PORT: 'x', ROLE: 'web', SMTP_URL: 'x', RATE_LIMITS: 'off', PUBLIC_URL: worldwide }
    const read = readConfig(wrong)
    expect(Array.isArray(read) && read.map(({ variable }) => variable)).toEqual([
      'PORT',
      'SMTP_URL',
      'ROLE',
      'RATE_LIMITS',
    ])
  })

  test('without ever repeating a value, as each may be a secret', () => {
    const secret = fc.string({ minLength: 8, maxLength: 20, unit: fc.constantFrom(...'QXZJKqxzjk0123456789') })
    const value = fc.oneof(
      secret,
      secret.map((text) => `postgres://balados:${text}@db/balados`),
      secret.map((text) => `smtp://balados:${text}@mail`),
      secret.map((text) => `https://balados:${text}@example.org/?${text}`),
    )
    const env = fc.dictionary(fc.constantFrom(...variables), value)
    fc.assert(
      fc.property(env, (env) => {
        const said = problems(env).join('\n')
        for (const value of Object.values(env)) {
          for (const part of value.match(/[QXZJKqxzjk0-9]{8,}/g) ?? []) expect(said).not.toContain(part)
        }
      }),
    )
  })
})

describe('a host is public', () => {
  test.each([
    'https://podcasts.example.org',
    'https://balados.local.fr',
    'http://93.184.216.34',
    'http://[2606:2800:220::1]',
    'http://172.32.0.1',
    'https://localhost.example.com.',
  ])('%s', (url) => {
    expect(isPublic(url)).toBe(true)
  })
  test.each([
    'http://localhost:4000',
    'http://one.localhost',
    'http://balados',
    'http://nas.local',
    'http://podcasts.example',
    'http://b.test.',
    'http://pi.home.arpa',
    'http://127.0.0.1',
    'http://0x7f.1',
    'http://10.1.2.3',
    'http://172.31.0.1',
    'http://192.168.1.1',
    'http://100.100.0.1',
    'http://[::1]:4000',
    'http://[fd00::1]',
    'http://[fe80::1]',
    'http://[::ffff:10.0.0.1]',
  ])('but not %s', (url) => {
    expect(isPublic(url)).toBe(false)
  })
})

describe('loading', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp('/tmp/balados-config-')
  })
  afterEach(async () => {
    await rm(folder, { recursive: true })
  })
  const load = async (env: NodeJS.ProcessEnv) => {
    const loaded = await loadConfig({ env: { DATA_DIR: join(folder, 'data'), ...env }, cwd: folder })
    if (Array.isArray(loaded)) throw new Error(loaded.map(describeProblem).join('\n'))
    return loaded
  }

  test('reads a .env file for what the environment leaves unset', async () => {
    await writeFile(join(folder, '.env'), 'PORT=5001\nLOG_LEVEL="warn" # quiet\nexport ROLE=all\n')
    expect(await load({ PORT: '5002', LOG_LEVEL: '' })).toMatchObject({ port: 5002, logLevel: 'warn' })
  })

  test('names what is wrong in the .env file, or with it', async () => {
    await writeFile(join(folder, '.env'), 'PORT=many\n')
    await expect(load({})).rejects.toThrow('PORT: not a whole number')
    await rm(join(folder, '.env'))
    await mkdir(join(folder, '.env'))
    await expect(load({})).rejects.toThrow('.env: cannot be read (EISDIR); expected a file that we may read, or none')
  })

  test('makes a secret once and keeps it for its owner', async () => {
    const first = await load({})
    expect(first.secretKeyBase).toMatch(/^[\w-]{64}$/)
    expect((await load({})).secretKeyBase).toBe(first.secretKeyBase)
    expect((await stat(join(folder, 'data', 'secret_key_base'))).mode & 0o777).toBe(0o600)
    expect(await readdir(join(folder, 'data'))).toEqual(['secret_key_base'])
  })

  test('makes the same secret for all who ask at the same moment', async () => {
    const loaded = await Promise.all(Array.from({ length: 8 }, () => load({})))
    expect(new Set(loaded.map(({ secretKeyBase }) => secretKeyBase)).size).toBe(1)
  })

  test('keeps nothing when the secret is given', async () => {
    await load({ SECRET_KEY_BASE: 's'.repeat(40) })
    expect(await readdir(folder)).toEqual([])
  })

  test('says when the data folder cannot keep a secret, or keeps a damaged one', async () => {
    await writeFile(join(folder, 'data'), 'a file')
    await expect(load({})).rejects.toThrow('DATA_DIR: the secret in it cannot be kept (EEXIST); expected a writable')
    await rm(join(folder, 'data'))
    await load({})
    await writeFile(join(folder, 'data', 'secret_key_base'), 'short')
    await expect(load({})).rejects.toThrow('SECRET_KEY_BASE: too short in')
  })
})

test('the documentation names every variable', async () => {
  const text = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  const documented = [...text.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name)
  expect(documented.sort()).toEqual([...variables].sort())
})
