import type { Command } from 'commander'
import { isRefusal } from '../../kernel/refusal.ts'
import type { Instance } from '../compose.ts'
import { ask, CommandError, table, withInstance } from '../console.ts'

async function personCalled(instance: Instance, name: string) {
  const person = await instance.accounts.findUser(name)
  if (!person) throw new CommandError(`There is no user ${name}.`)
  return person
}

const endedInWords = (sessions: number): string =>
  sessions === 0 ? 'Nobody was logged in.' : sessions === 1 ? 'One session ended.' : `${sessions} sessions ended.`

async function newPassword(): Promise<string> {
  const password = await ask('Password: ', { secret: true })
  if (password === '') throw new CommandError('A password is needed: type it, or give it on standard input.')
  if (process.stdin.isTTY && (await ask('Once more: ', { secret: true })) !== password) {
    throw new CommandError('The two passwords differ.')
  }
  return password
}

export function addUserCommands(program: Command): void {
  const user = program.command('user').description('people of this instance')

  user
    .command('add')
    .description('make an account; the password is asked, or read from standard input')
    .argument('<name>', 'a-z, 0-9 and _, 2 to 30 of them')
    .option('--admin', 'may administer the instance')
    .option('--email <address>')
    .action(async (username: string, options: { admin?: boolean; email?: string }) => {
      const password = await newPassword()
      await withInstance(async ({ instance }) => {
        const added = await instance.accounts.addUser({
          username,
          password,
          admin: options.admin ?? false,
          ...(options.email === undefined ? {} : { email: options.email }),
        })
        if (isRefusal(added)) throw new CommandError(added.message)
        console.log(`Added ${username} (${added.id}).`)
      })
    })

  user
    .command('password')
    .description('set a new password and end all sessions; it is asked, or read from standard input')
    .argument('<name>')
    .action(async (username: string) => {
      const password = await newPassword()
      await withInstance(async ({ instance }) => {
        const person = await personCalled(instance, username)
        const set = await instance.accounts.setPassword(person.id, password)
        if (isRefusal(set)) throw new CommandError(set.message)
        console.log(`${person.username} has a new password. ${endedInWords(set.sessions)}`)
      })
    })

  user
    .command('totp-off')
    .description('switch off log-in in two steps, for somebody who lost their authenticator and recovery codes')
    .argument('<name>')
    .action((username: string) =>
      withInstance(async ({ instance }) => {
        const person = await personCalled(instance, username)
        const off = await instance.accounts.switchOffSecondFactor(person.id)
        console.log(
          `${person.username} ${off ? 'logs in by password alone now' : 'logged in by password alone already'}.`,
        )
      }),
    )

  user
    .command('suspend')
    .description('end all sessions of somebody, and refuse their log-ins and the tokens of their apps')
    .argument('<name>')
    .action((username: string) =>
      withInstance(async ({ instance }) => {
        const person = await personCalled(instance, username)
        const suspended = await instance.accounts.suspend(person.id)
        if (isRefusal(suspended)) throw new CommandError(suspended.message)
        console.log(`${person.username} is suspended. ${endedInWords(suspended.sessions)}`)
      }),
    )

  user
    .command('unsuspend')
    .description('let somebody who was suspended back in; their apps work again at once')
    .argument('<name>')
    .action((username: string) =>
      withInstance(async ({ instance }) => {
        const person = await personCalled(instance, username)
        const back = await instance.accounts.unsuspend(person.id)
        if (isRefusal(back)) throw new CommandError(back.message)
        console.log(`${person.username} is ${person.suspendedAt ? 'no longer' : 'not'} suspended.`)
      }),
    )

  user
    .command('list')
    .description('everybody, by name')
    .action(() =>
      withInstance(async ({ instance }) => {
        const people = await instance.accounts.listUsers()
        console.log(
          table(
            ['name', 'id', 'admin', 'since', 'suspended'],
            people.map((p) => [
              p.username,
              p.id,
              p.isAdmin ? 'yes' : '',
              p.createdAt.toISOString().slice(0, 10),
              p.suspendedAt ? 'yes' : '',
            ]),
          ),
        )
      }),
    )
}
