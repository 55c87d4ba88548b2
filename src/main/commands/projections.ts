import type { Command } from 'commander'
import { CommandError, type Workshop, withInstance } from '../console.ts'

/** Folds every user's journal again into read models; users see no gap, each is replaced in one transaction. */
export async function rebuildProjections({ instance }: Workshop, name?: string): Promise<string> {
  const { readModels } = instance.journal
  if (name !== undefined && !readModels.names.includes(name)) {
    throw new CommandError(`There is no projection ${name}; there are ${readModels.names.join(', ')}.`)
  }
  let users = 0
  let events = 0
  for await (const user of readModels.users()) {
    events += await readModels.rebuild(user, name === undefined ? undefined : [name])
    users++
  }
  return `Rebuilt ${name ?? readModels.names.join(', ')} of ${users} users from ${events} events.`
}

export function addProjectionCommands(program: Command): void {
  const projections = program.command('projections').description('read models of the journal')

  projections
    .command('status')
    .description('the read models, and how far the followers of the journal are')
    .action(() =>
      withInstance(async ({ instance }) => {
        const states = await instance.following.states()
        if (states.length === 0) 
        else {
        }
      }),
    )

  projections
    .command('rebuild')
    .description('make read models anew from the journal, beside a running server')
    .argument('[name]', 'only this one')
    .action((_name?: string) => withInstance(async (_workshop) => {}))
}
