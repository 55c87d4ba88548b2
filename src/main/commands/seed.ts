import { randomBytes } from 'node:crypto'
import { type Command, InvalidArgumentError } from 'commander'
import pLimit from 'p-limit'
import { isRefusal } from '../../kernel/refusal.ts'
import { ask, CommandError, table, type Workshop, withInstance } from '../console.ts'
import { type DemoUser, lookAt, playOut } from '../seed/demo.ts'
import { historyOf, type Span } from '../seed/history.ts'
import { type Listener, listeners } from '../seed/listeners.ts'

interface SeedChoice {
  readonly listeners: number
  readonly days: number
  readonly seed: number
  readonly yes?: boolean
}

/** Listeners filled at once: as many as a command has connections. */
const atOnce = 4

const whole = (least: number, most: number) => (text: string) => {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
}

export function addSeed(program: Command): void {
  program
    .command('seed')
    .description('make a demo: listeners with half a year of listening; asks for a password, or makes one')
    .option('--listeners <n>', 'how many', whole(1, 1_000), 20)
    .option('--days <n>', 'of how many days the history is', whole(7, 3_650), 183)
    .option('--seed <n>', 'another number makes other histories', whole(0, 4_294_967_295), 1)
    .option('--yes', 'beside the users that this instance has already')
    .action((choice: SeedChoice) => withInstance((workshop) => seed(workshop, choice)))
}

async function seed(workshop: Workshop, choice: SeedChoice): Promise<void> {
  const { instance, config } = workshop
  const users = await instance.accounts.listUsers()
  if (users.length > 0 && !choice.yes)
    throw new CommandError(
      `Nothing was made: this instance has users already (${users.length}). --yes makes the demo beside them.`,
    )
  const taken = new Set(users.map((user) => user.username))
  const all = listeners(choice.listeners)
  const there = all.filter(({ name }) => taken.has(name)).map(({ name }) => name)
  if (there.length > 0) console.log(`Left as they are, since these users exist: ${there.join(', ')}.`)
  const wanted = all.filter(({ name }) => !taken.has(name))
  if (wanted.length === 0) return console.log('Nothing was made: every listener is there already.')

  const { password, made } = await passwordForAll()
  const span: Span = { seed: choice.seed, days: choice.days, until: Date.now() }
  const filled = await fillAll(workshop, wanted, span, password)
  if (filled.length === 0) throw new CommandError('Nothing was made.')
  const rows = await Promise.all(filled.map((user) => lookAt(instance, user)))
  console.log(table(Object.keys(rows[0] ?? {}), [...rows.map((row) => Object.values(row)), totalOf(rows)]))
  console.log(`\nLog in at ${config.publicUrl}/users/log_in as any of them, with the password ${made ?? 'you gave'}.`)
  if (made !== null) console.log('It is told here only.')
}

/** The password everybody gets; `made` is for telling it when nobody gave one. */
async function passwordForAll(): Promise<{ readonly password: string; readonly made: string | null }> {
  const typed = await ask('One password for all of them (Enter: one is made up): ', { secret: true })
  if (typed === '') {
    const made = randomBytes(12).toString('base64url')
    return { password: made, made }
  }
  if (process.stdin.isTTY && (await ask('Once more: ', { secret: true })) !== typed) {
    throw new CommandError('The two passwords differ.')
  }
  return { password: typed, made: null }
}

/** Makes and fills those who can be had; a name that was somebody's once can't. */
async function fillAll(
  { instance }: Workshop,
  wanted: readonly Listener[],
  span: Span,
  password: string,
): Promise<DemoUser[]> {
  const progress = progressOf(wanted.length)
  let failed = false
  const fill = async (listener: Listener): Promise<DemoUser | null> => {
    if (failed) return null
    try {
      const { name: username } = listener
      const added = await instance.accounts.addUser({ username, password })
      if (!isRefusal(added)) {
        const user: DemoUser = { id: added.id, username }
        await playOut(instance, user, historyOf(listener, span), progress.tell)
        return user
      }
      if (added.refused !== 'conflict') throw new CommandError(added.message)
      console.log(`Left out: ${added.message}`)
      return null
    } catch (error) {
      failed = true
      throw error
    }
  }
  const limit = pLimit(atOnce)
  // All of them end before the databases are closed, also when one fails.
  const ended = await Promise.allSettled(wanted.map((listener) => limit(fill, listener)))
  progress.end()
  return ended.flatMap((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value ?? []
  })
}

/** How far it is, on a terminal; silent elsewhere. */
function progressOf(people: number) {
  const shown = process.stderr.isTTY
  let done = 0
  return {
    tell(part: number) {
      done += part
      if (shown) process.stderr.write(`\r${Math.floor((100 * done) / people)} % of ${people} listeners`)
    },
    end() {
      if (shown) process.stderr.write('\r\u001b[K')
    },
  }
}

function totalOf(rows: readonly Record<string, string | number>[]): (string | number)[] {
  const sum = (column: string) => rows.reduce((total, row) => total + Number(row[column]), 0)
  return Object.entries(rows[0] ?? {}).map(([column, value], i) => {
    if (i === 0) return `${rows.length} in all`
    return typeof value === 'number' ? sum(column) : ''
  })
}
