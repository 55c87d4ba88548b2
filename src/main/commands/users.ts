import type { Command } from 'commander'
import { isRefusal } from '../../kernel/refusal.ts'
import { ask, CommandError, table, withInstance } from '../console.ts'

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
    .description('set a new password; it is asked, or read from standard input')
    .argument('<name>')
    .action(async (username: string) => {
      const password = await newPassword()
      await withInstance(async ({ instance }) => {
        const person = await instance.accounts.findUser(username)
        if (!person) throw new CommandError(`There is no user ${username}.`)
        const set = await instance.accounts.setPassword(person.id, password)
        if (isRefusal(set)) throw new CommandError(set.message)
        console.log(`${username} has a new password.`)
      })
    })

  user
    .command('list')
    .description('everybody, by name')
    .action(() =>
      withInstance(async ({ instance }) => {
        const people = await instance.accounts.listUsers()
        console.log(
          table(
            ['name', 'id', 'admin', 'since'],
            people.map((p) => [p.username, p.id, p.isAdmin ? 'yes' : '', p.createdAt.toISOString().slice(0, 10)]),
          ),
        )
      }),
    )
}
