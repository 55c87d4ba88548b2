import { mkdir, readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import { keptSecret } from '../database/embedded/kept-secret.ts'
import type { StoreUrls } from '../database/store.ts'
import { isPublic } from './public-host.ts'

/** How this process runs, read once from the environment. See docs/configuration.md. */
export interface Config {
  readonly port: number
  /** Address to listen on; all of them when undefined. */
  readonly host: string | undefined
  /** Origin without a slash at its end: what ids and links are built from. */
  readonly publicUrl: string
  /** `host` or `host:port` that serves the play gateway and nothing else. */
  readonly playDomain: string | undefined
  /** Undefined: the server starts its own PostgreSQL in `dataDir`. All alike where one database holds everything. */
  readonly databases: StoreUrls | undefined
  /** At least 32 characters. */
  readonly secretKeyBase: string | undefined
  /** Absolute. */
  readonly dataDir: string
  readonly role: 'all' | 'web' | 'worker'
  /** Undefined: as chosen at setup. */
  readonly registration: 'open' | 'invitation' | 'approval' | 'closed' | undefined
  readonly federation: 'open' | 'allowlist' | 'off'
  /** Undefined: no mail is sent. */
  readonly smtpUrl: string | undefined
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** How many proxies stand before us, whose X-Forwarded-… headers count. */
  readonly trustedProxies: number
  readonly allowPrivateAddresses: boolean
  readonly rateLimits: boolean
}

/** What `loadConfig` gives: a secret has been made where none was given. */
export interface LoadedConfig extends Config {
  readonly secretKeyBase: string
}

/** One wrong variable. No part of it ever repeats a value, as that may be a secret, also one put in the wrong place. */
export interface ConfigProblem {
  readonly variable: string
  readonly wrong: string
  readonly expected: string
}

/** The problem as one line for a person. */
export function describeProblem({ variable, wrong, expected }: ConfigProblem): string {
  return `${variable}: ${wrong}; expected ${expected}`
}

const secretLength = 32
const secretExpected = `at least ${secretLength} random characters, or nothing to have them made`

/** Each variable's own shape; its description is what a wrong value is told to be. */
const schemas = {
  PORT: wholeNumber(1, 65_535).prefault('4000'),
  HOST: z
    .string()
    .refine((host) => isIP(host) !== 0 || /^[a-z0-9.-]+$/i.test(host), 'not an address')
    .describe('an IP address or host name to listen on, without a port')
    .optional(),
  PUBLIC_URL: z
    .string()
    .transform(origin)
    .describe('the address people use, such as https://podcasts.example.org')
    .optional(),
  PLAY_DOMAIN: z
    .string()
    .transform(hostAndPort)
    .describe('a host name of its own, such as play.example.org')
    .optional(),
  DATABASE_URL: url('postgres', 'postgresql').optional(),
  SYSTEM_DATABASE_URL: url('postgres', 'postgresql').optional(),
  EVENT_STORE_URL: url('postgres', 'postgresql').optional(),
  SECRET_KEY_BASE: z.string().min(secretLength, 'too short').describe(secretExpected).optional(),
  DATA_DIR: z
    .string()
    .transform((path) => resolve(path))
    .prefault('./data')
    .describe('a folder'),
  ROLE: oneOf('all', 'web', 'worker').prefault('all'),
  REGISTRATION: oneOf('open', 'invitation', 'approval', 'closed').optional(),
  FEDERATION: oneOf('open', 'allowlist', 'off').prefault('open'),
  SMTP_URL: url('smtp', 'smtps').optional(),
  LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').prefault('info'),
  TRUST_PROXY: z
    .union([wholeNumber(0, 32), yesOrNo().transform(Number)], 'neither a number nor true or false')
    .describe('true, false or the number of proxies, at most 32')
    .prefault('false'),
  ALLOW_PRIVATE_ADDRESSES: yesOrNo().prefault('false'),
  RATE_LIMITS: yesOrNo().prefault('on'),
}

type Variable = keyof typeof schemas
type Values = { readonly [V in Variable]: z.output<(typeof schemas)[V]> }

/** Every variable that counts. */
export const variables = Object.keys(schemas) as readonly Variable[]

interface Rule extends ConfigProblem {
  readonly variable: Variable
  /** `values` lacks those that are wrong by themselves; `given` knows these too. */
  broken(values: Partial<Values>, given: (variable: Variable) => boolean): boolean
}

const needsDatabase = { wrong: 'set without DATABASE_URL', expected: 'DATABASE_URL as well' }
const notInPublic = { wrong: 'refused with a public PUBLIC_URL', expected: 'it only on a local trial instance' }

const rules: readonly Rule[] = [
  {
    variable: 'ROLE',
    wrong: 'the embedded database serves only the role all',
    expected: 'all, or DATABASE_URL as well',
    broken: ({ ROLE = 'all' }, given) => ROLE !== 'all' && !given('DATABASE_URL'),
  },
  {
    variable: 'SYSTEM_DATABASE_URL',
    ...needsDatabase,
    broken: (_, given) => given('SYSTEM_DATABASE_URL') && !given('DATABASE_URL'),
  },
  {
    variable: 'EVENT_STORE_URL',
    ...needsDatabase,
    broken: (_, given) => given('EVENT_STORE_URL') && !given('DATABASE_URL'),
  },
  {
    variable: 'PLAY_DOMAIN',
    wrong: 'the host of PUBLIC_URL',
    expected: 'another host, as it serves nothing but the play gateway',
    broken: ({ PLAY_DOMAIN, PUBLIC_URL = 'http://localhost' }) =>
      PLAY_DOMAIN !== undefined && new URL(`http://${PLAY_DOMAIN}`).hostname === new URL(PUBLIC_URL).hostname,
  },
  {
    variable: 'ALLOW_PRIVATE_ADDRESSES',
    ...notInPublic,
    broken: ({ ALLOW_PRIVATE_ADDRESSES, PUBLIC_URL }) => ALLOW_PRIVATE_ADDRESSES === true && isPublic(PUBLIC_URL),
  },
  {
    variable: 'RATE_LIMITS',
    ...notInPublic,
    broken: ({ RATE_LIMITS, PUBLIC_URL }) => RATE_LIMITS === false && isPublic(PUBLIC_URL),
  },
]

/**
 * The configuration that an environment describes, or all that is wrong with it. An empty variable counts as unset,
 * an unknown one is ignored.
 */
export function readConfig(env: NodeJS.ProcessEnv): Config | ConfigProblem[] {
  const given = (variable: Variable) => Boolean(env[variable]?.trim())
  const problems: ConfigProblem[] = []
  const parsed: Partial<Record<Variable, unknown>> = {}
  for (const variable of variables) {
    const schema = schemas[variable]
    const result = schema.safeParse(env[variable]?.trim() || undefined)
    if (result.success) parsed[variable] = result.data
    else problems.push({ variable, wrong: result.error.issues[0]?.message ?? '', expected: expectedBy(schema) })
  }
  for (const { broken, ...problem } of rules) {
    if (broken(parsed as Partial<Values>, given)) problems.push(problem)
  }
  return problems.length > 0 ? problems : configOf(parsed as Values)
}

/**
 * The configuration of this process: its environment, then a `.env` file in the working directory for what is unset
 * there. Makes the data folder and the secret in it on first use.
 */
export async function loadConfig({
  env = process.env,
  cwd = process.cwd(),
} = {}): Promise<LoadedConfig | ConfigProblem[]> {
  const file = await readFile(join(cwd, '.env'), 'utf8').catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? '' : error,
  )
  if (file instanceof Error) {
    return [{ variable: '.env', wrong: `cannot be read (${file.code})`, expected: 'a file that we may read, or none' }]
  }

  const set = Object.entries(env).filter(([, value]) => value?.trim())
  const config = readConfig({ ...parseEnv(file), ...Object.fromEntries(set) })
  if (Array.isArray(config)) return config
  if (config.secretKeyBase) return { ...config, secretKeyBase: config.secretKeyBase }

  const secretFile = join(config.dataDir, 'secret_key_base')
  try {
    await mkdir(config.dataDir, { recursive: true })
    const secretKeyBase = await keptSecret(secretFile)
    if (secretKeyBase.length >= secretLength) return { ...config, secretKeyBase }
    return [{ variable: 'SECRET_KEY_BASE', wrong: `too short in ${secretFile}`, expected: secretExpected }]
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return [{ variable: 'DATA_DIR', wrong: `the secret in it cannot be kept (${code})`, expected: 'a writable folder' }]
  }
}

function configOf(values: Values): Config {
  const one = values.DATABASE_URL
  return {
    port: values.PORT,
    host: values.HOST,
    publicUrl: values.PUBLIC_URL ?? `http://localhost:${values.PORT}`,
    playDomain: values.PLAY_DOMAIN,
    databases: one
      ? { events: values.EVENT_STORE_URL ?? one, system: values.SYSTEM_DATABASE_URL ?? one, projections: one }
      : undefined,
    secretKeyBase: values.SECRET_KEY_BASE,
    dataDir: values.DATA_DIR,
    role: values.ROLE,
    registration: values.REGISTRATION,
    federation: values.FEDERATION,
    smtpUrl: values.SMTP_URL,
    logLevel: values.LOG_LEVEL,
    trustedProxies: values.TRUST_PROXY,
    allowPrivateAddresses: values.ALLOW_PRIVATE_ADDRESSES,
    rateLimits: values.RATE_LIMITS,
  }
}

/** The description of a schema, also within what makes it optional. */
function expectedBy(schema: z.ZodType): string {
  const wrapped = schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault
  return wrapped ? expectedBy(schema.unwrap() as z.ZodType) : (schema.description ?? '')
}

function wholeNumber(least: number, most: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/, 'not a whole number')
    .transform(Number)
    .refine((number) => number >= least && number <= most, 'out of range')
    .describe(`a whole number from ${least} to ${most}`)
}

function yesOrNo() {
  return z
    .stringbool({
      truthy: ['true', '1', 'yes', 'on'],
      falsy: ['false', '0', 'no', 'off'],
      error: 'neither true nor false',
    })
    .describe('true, 1, yes, on, false, 0, no or off')
}

function oneOf<const Name extends string>(...names: Name[]) {
  const list = new Intl.ListFormat('en', { type: 'disjunction' })
  return z.string().toLowerCase().pipe(z.enum(names, 'not a known value')).describe(list.format(names))
}

function url(...schemes: string[]) {
  return z
    .string()
    .refine((text) => schemes.includes(URL.parse(text)?.protocol.slice(0, -1) ?? ''), `not a ${schemes[0]} URL`)
    .refine((text) => text.includes('://'), 'a URL without //')
    .describe(schemes.map((scheme) => `${scheme}://…`).join(' or '))
}

function origin(text: string, context: z.RefinementCtx): string {
  const url = URL.parse(text)
  if (!url || !['http:', 'https:'].includes(url.protocol)) context.addIssue('not an http or https URL')
  else if (url.username || url.password) context.addIssue('carries a name or password')
  else if (url.pathname !== '/' || /[?#]/.test(text)) context.addIssue('has a path, query or fragment')
  return url?.origin ?? ''
}

function hostAndPort(text: string, context: z.RefinementCtx): string {
  const url = URL.parse(`http://${text}`)
  if (!url || /[/?#@\\\s]/.test(text)) context.addIssue('not a host name')
  return url?.host ?? ''
}
