import type { Command } from 'commander'
import pino from 'pino'
import { CommandError, configured } from '../console.ts'
import { StartError } from '../databases.ts'
import { type Running, serve } from '../serve.ts'

export function addStart(program: Command): void {
  program
    .command('start')
    .description('run the server in its ROLE until it is told to stop')
    .action(async () => {
      const config = await configured()
      const log = pino({ level: config.logLevel, redact: ['err.config', 'password', 'token'] })
      let running: Running | undefined
      let ending = false
      const end = (signal: string) => {
        if (ending) return
        ending = true
        log.info({ signal }, 'Stopping')
        const slow = setTimeout(() => process.exit(1), 20_000)
        slow.unref()
        Promise.resolve(running?.stop())
          .then(() => process.exit(0))
          .catch((error: unknown) => {
            log.error({ err: error }, 'could not stop in order')
            process.exit(1)
          })
      }
      process.on('SIGTERM', end).on('SIGINT', end)
      try {
        running = await serve(config, log)
      } catch (error) {
        if (error instanceof StartError) throw new CommandError(error.message)
        throw explained(error as NodeJS.ErrnoException, config.port)
      }
      await new Promise(() => {})
    })
}

/** What a person can do something about is told without a stack. */
function explained(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === 'EADDRINUSE') return new CommandError(`Port ${port} is taken: set PORT to another one.`)
  if (error.code === 'EACCES')
    return new CommandError(`Port ${port} may not be used by this user: set PORT above 1023.`)
  if (error.code === 'ECONNREFUSED' || error.code === 'ENOTFOUND' || error.code === '28P01' || error.code === '3D000') {
    return new CommandError(`The database does not answer (${error.code}): check DATABASE_URL and its kin.`)
  }
  return error
}
