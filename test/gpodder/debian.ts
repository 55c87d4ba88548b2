import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** Debian's own: the one that its packages are for. */
const python = '/usr/bin/python3'

/** Installs one of Debian's packages where the module it brings is missing; needs root, as continuous integration has it. */
export function install(aPackage: string, itsModule: string): void {
  try {
    execFileSync(python, ['-c', `import ${itsModule}`], { stdio: 'ignore' })
  } catch {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    execFileSync('apt-get', ['update', '-qq'], { env })
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', aPackage], { env })
  }
}

/** Runs a script of this folder; answers what it prints, as JSON. */
export async function drive(script: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await run(python, [fileURLToPath(new URL(script, import.meta.url)), ...args])
  return JSON.parse(stdout)
}
