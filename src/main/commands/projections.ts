import type { Command } from 'commander'
import { CommandError, table, type Workshop, withInstance } from '../console.ts'

/** Folds every user's journal again into read models; users see no gap, each is replaced in one transaction. */
export async function rebuildProjections({ instance }: Workshop, name?: string): Promise<string> {
  const { readModels } = instance.journal
  const { publicity } = instance
  const names = [...readModels.names, publicity.follower.name]
  if (name !== undefined && !names.includes(name)) {
    throw new CommandError(`There is no projection ${name}; there are ${names.join(', ')}.`)
  }
  if (name === undefined || name === publicity.follower.name) await publicity.rebuild()
  if (name === publicity.follower.name) return 'Rebuilt what others learn of listeners, popularity and timeline.'
  let users = 0
  let events = 0
  for await (const user of readModels.users()) {
    events += await readModels.rebuild(user, name === undefined ? undefined : [name])
    users++
  }
  return `Rebuilt ${name ?? names.join(', ')} of ${users} users from ${events} events.`
}

export function addProjectionCommands(program: Command): void {
  const projections = program.command('projections').description('read models of the journal')

  projections
    .command('status')
    .description('the read models, and how far the followers of the journal are')
    .action(() =>
      withInstance(async ({ instance }) => {
        console.log(`Written with each event: ${instance.journal.readModels.names.join(', ')}.`)
        const states = await instance.following.states()
        if (states.length === 0) console.log('Nothing follows the journal afterwards.')
        else {
          console.log(
            table(
              ['follower', 'position', 'lag', 'stopped'],
              states.map((s) => [
                s.name,
                s.position,
                s.lag,
                s.stopped ? `at ${s.stopped.at}: ${s.stopped.reason}` : '',
              ]),
            ),
          )
        }
      }),
    )

  projections
    .command('rebuild')
    .description('make read models anew from the journal, beside a running server')
    .argument('[name]', 'only this one')
    .action((name?: string) => withInstance(async (workshop) => console.log(await rebuildProjections(workshop, name))))

  projections
    .command('retry')
    .description('let a stopped follower of the journal try again')
    .argument('<follower>')
    .action((name: string) =>
      withInstance(async ({ instance }) => {
        const states = await instance.following.states()
        if (!states.some((s) => s.name === name)) throw new CommandError(`There is no follower ${name}.`)
        await instance.following.retry(name)
        console.log(`${name} will try again within a second of the server's.`)
      }),
    )
}
