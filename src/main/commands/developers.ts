import { start as startRepl } from 'node:repl'
import type { Command } from 'commander'
import type { UserId } from '../../kernel/brand.ts'
import { fold, type Recorded } from '../../kernel/decider.ts'
import type { EndpointCall } from '../../kernel/endpoint.ts'
import { isRefusal } from '../../kernel/refusal.ts'
import { CommandError, table, type Workshop, withInstance } from '../console.ts'
import { slices } from '../slices.ts'

const pageSize = 1_000

async function userOf({ instance }: Workshop, nameOrId: string): Promise<{ id: UserId; username: string }> {
  const person = await instance.accounts.findUser(nameOrId)
  if (!person) throw new CommandError(`There is no user ${nameOrId}.`)
  return person
}

async function* eventsOf({ instance }: Workshop, user: UserId): AsyncIterable<Recorded> {
  for (let after = 0; ; ) {
    const page = await instance.journal.read(user, after, pageSize)
    yield* page
    after = page.at(-1)?.number ?? after
    if (page.length < pageSize) return
  }
}

/** The states of a user's streams, or of one, folded from the journal. */
async function statesOf(workshop: Workshop, user: UserId, wanted?: string): Promise<Record<string, unknown>> {
  const streams = new Map<string, Recorded[]>()
  for await (const event of eventsOf(workshop, user)) {
    if (wanted === undefined || event.stream === wanted)
      streams.set(event.stream, [...(streams.get(event.stream) ?? []), event])
  }
  return Object.fromEntries(
    [...streams].map(([stream, events]) => {
      const slice = slices.find((s) => s.decider.kind === stream.slice(0, stream.indexOf('/')))
      return [stream, slice ? fold(slice.decider, events) : events]
    }),
  )
}

const tell = (value: unknown) => console.log(JSON.stringify(value, null, 2))

/** What `dispatch` takes: an operation of the REST API, given as one of a user. */
interface Dispatch {
  user: string
  method: string
  path: string
  params?: unknown
  query?: unknown
  body?: unknown
}

async function dispatch(workshop: Workshop, order: Dispatch): Promise<unknown> {
  const endpoint = workshop.instance.endpoints.find(
    (e) => e.path === order.path && e.method === order.method?.toLowerCase(),
  )
  if (!endpoint)
    throw new CommandError(`There is no ${order.method} ${order.path}; "balados routes" lists what there is.`)
  const person = await userOf(workshop, order.user ?? '')
  const read = (name: 'params' | 'query' | 'body') => {
    const parsed = endpoint[name]?.safeParse(order[name] ?? {})
    if (parsed && !parsed.success) {
      throw new CommandError(parsed.error.issues.map((i) => `${name}.${i.path.join('.')}: ${i.message}`).join('\n'))
    }
    return parsed?.data
  }
  const author = { app: 'balados.command-line', device: null }
  const call: EndpointCall<unknown, unknown, unknown> = {
    params: read('params'),
    query: read('query'),
    body: read('body'),
    caller: { user: person.id, username: person.username, author, scopes: ['*'] },
    origin: { user: person.id, author, now: Date.now(), request: null },
    language: 'en',
  }
  return endpoint.handle(call as EndpointCall<never, never, never>)
}

export function addDeveloperCommands(program: Command): void {
  program
    .command('routes')
    .description('every operation of the REST API and the scope it needs')
    .action(() =>
      withInstance(async ({ instance }) =>
        console.log(
          table(
            ['method', 'path', 'scope', 'what it does'],
            instance.endpoints.map((e) => [
              e.method.toUpperCase(),
              `/api/v1${e.path}`,
              [e.scope].flat().join(' or '),
              e.summary,
            ]),
          ),
        ),
      ),
    )

  program
    .command('state')
    .description("what a user's streams say now, folded from the journal")
    .argument('<user>', 'name or id')
    .argument('[stream]', 'like play/<episode id>')
    .action((user: string, stream?: string) =>
      withInstance(async (workshop) => tell(await statesOf(workshop, (await userOf(workshop, user)).id, stream))),
    )

  program
    .command('stream')
    .description("a user's events, oldest first; or one stream's, of whichever user has it")
    .argument('<user|stream>')
    .action((of: string) =>
      withInstance(async (workshop) => {
        const stream = of.includes('/') ? of : undefined
        const users = stream ? workshop.instance.journal.readModels.users() : [(await userOf(workshop, of)).id]
        for await (const user of users) {
          for await (const event of eventsOf(workshop, user)) {
            if (stream === undefined || event.stream === stream) console.log(JSON.stringify({ user, ...event }))
          }
        }
      }),
    )

  program
    .command('dispatch')
    .description('give one order as a user would: {"user","method","path","params","query","body"}')
    .argument('<json>')
    .action((json: string) =>
      withInstance(async (workshop) => {
        const order = parsed(json)
        const said = await dispatch(workshop, order)
        tell(said)
        if (isRefusal(said)) process.exitCode = 1
      }),
    )

  program
    .command('console')
    .description('a REPL with the instance at hand')
    .action(() =>
      withInstance(async (workshop) => {
        console.log('At hand: instance, stores, config, state(user, stream?), events(user), dispatch({…}).')
        const repl = startRepl('balados> ')
        Object.assign(repl.context, workshop, {
          state: async (user: string, stream?: string) => statesOf(workshop, (await userOf(workshop, user)).id, stream),
          events: async (user: string) => Array.fromAsync(eventsOf(workshop, (await userOf(workshop, user)).id)),
          dispatch: (order: Dispatch) => dispatch(workshop, order),
        })
        await new Promise((resolve) => repl.once('exit', resolve))
      }),
    )
}

function parsed(json: string): Dispatch {
  try {
    return JSON.parse(json) as Dispatch
  } catch (error) {
    throw new CommandError(`That is not JSON: ${(error as Error).message}`)
  }
}
