import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cli = join(root, 'src/main/cli.ts')

/** A data folder that the database's own user may enter. */
export async function dataFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'balados-data-'))
  await chmod(path, 0o755)
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** The environment of a process that knows nothing but what it is told. */
export const environment = (env: Record<string, string>): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  HOST: '127.0.0.1',
  ...env,
})

export interface Server {
  readonly url: string
  readonly child: ChildProcess
  readonly output: () => string
  /** Resolves with its exit code. */
  readonly ended: Promise<number | null>
  kill(signal: NodeJS.Signals): Promise<void>
}

/** `balados start` as a process of its own; resolves when `/ready` answers 200 or the process has ended. */
export async function startProcess(
  env: Record<string, string>,
  as: { uid?: number; gid?: number } = {},
): Promise<Server> {
  const child = spawn(process.execPath, [cli, 'start'], {
    env: environment(env),
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...as,
  })
  let output = ''
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  child.stderr?.on('data', (chunk) => {
    output += chunk
  })
  let over = false
  const ended = once(child, 'exit').then(([code]) => {
    over = true
    return code as number | null
  })
  const url = `http://127.0.0.1:${env.PORT}`
  while (!over) {
    const ready = await fetch(`${url}/ready`).catch(() => null)
    if (ready?.status === 200) break
    await sleep(100)
  }
  return {
    url,
    child,
    output: () => output,
    ended,
    kill: async (signal) => {
      child.kill(signal)
      await ended
    },
  }
}

/** A command of the command line. */
export function balados(env: Record<string, string>, args: readonly string[], input = '') {
  const done = spawnSync(process.execPath, [cli, ...args], {
    env: environment(env),
    cwd: tmpdir(),
    input,
    encoding: 'utf8',
  })
  return { status: done.status, out: done.stdout, err: done.stderr }
}
