import { Command, CommanderError } from 'commander'
import { addDatabaseCommands } from './commands/database.ts'
import { addDeveloperCommands } from './commands/developers.ts'
import { addDoctor } from './commands/doctor.ts'
import { addFeedCommands } from './commands/feeds.ts'
import { addProjectionCommands } from './commands/projections.ts'
import { addSeed } from './commands/seed.ts'
import { addStart } from './commands/start.ts'
import { addUserCommands } from './commands/users.ts'
import { CommandError } from './console.ts'
import { version } from './version.ts'

/** Runs the command that the process was called with. */
export async function run(): Promise<void> {
  const program = new Command('balados')
    .description('Balados Sync: keeps podcast apps in step')
    .version(await version())
    .showHelpAfterError()
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })

  addStart(program)
  addUserCommands(program)
  addDatabaseCommands(program)
  addProjectionCommands(program)
  addFeedCommands(program)
  addDeveloperCommands(program)
  addDoctor(program)
  addSeed(program)

  try {
    await program.parseAsync()
  } catch (error) {
    // A usage error has been told by then; an expected one is a sentence; only a bug shows where it is.
    if (error instanceof CommanderError) process.exitCode = error.exitCode
    else {
      console.error(error instanceof CommandError ? error.message : error)
      process.exitCode = 1
    }
  }
}
