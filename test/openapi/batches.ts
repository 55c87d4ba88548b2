import fc from 'fast-check'
import { resolved, type Schema } from './document.ts'
import { bodySchema, type Shot, typed } from './shots.ts'
import { valuesIn } from './values.ts'
import type { Listener, World } from './world.ts'

/** A sync of which some entries make no sense, and which those are. */
export interface Batch {
  readonly shot: Shot
  /** `plays 3`, by lane and index. */
  readonly bad: readonly string[]
  readonly good: readonly { readonly lane: string; readonly entry: Entry }[]
}

export type Entry = Readonly<Record<string, unknown>>

const nonsense: readonly unknown[] = [null, true, 7, 'entry', [], [[]], {}, { extra: 1 }]

/** What no field of any entry may be. */
const oddities: readonly unknown[] = [{ odd: true }, 'nul \0', 'half \ud83c', -1.5]

/** The fields that tell which thing an entry speaks of, and when. */
const whatAndWhen = /^(?:.*feed|.*item|id|kind|.*_at)$/

const notAFeed = Buffer.from('mailto:me@feeds.example').toString('base64url')

/** The schema of what a list holds, where the document describes it beside "anything". */
function entrySchema(world: World, list: Schema): Schema {
  const { document } = world
  const choices = (schema: Schema) => (resolved(document, schema).anyOf as Schema[] | undefined) ?? [schema]
  const array = choices(list).find((choice) => choice.type === 'array')
  const described = choices(array?.items as Schema).find((choice) => choice.type === 'object')
  if (!described) throw new Error('the document does not describe the entries of a sync')
  return described
}

/** What the contract asks of an entry beyond what a schema can say. */
function allowed(lane: string, entry: Entry, { ids }: Listener): Entry {
  const { deleted_at, ...rest } = entry
  const id = String(entry.id ?? '').toLowerCase()
  switch (lane) {
    case 'subscriptions':
      return typeof entry.subscribed_at === 'string' || typeof entry.unsubscribed_at === 'string'
        ? entry
        : { ...entry, subscribed_at: new Date(Date.now() - 60_000).toISOString() }
    case 'playlists':
      if (entry.id === undefined || entry.kind === 'queue' || id === ids.queue) return { id: ids.queue, ...rest }
      return entry
    case 'collections':
      return id === ids.home ? rest : entry
    case 'privacy':
      return typeof entry.feed === 'string' ? entry : { ...entry, item: null }
    default:
      return entry
  }
}

export function batches(world: World, listener: Listener): fc.Arbitrary<Batch> {
  const operation = world.operations.find(({ method, path }) => method === 'post' && path === '/sync')
  if (!operation) throw new Error('the document knows no sync')
  const { values } = valuesIn(world, listener)
  const properties = (bodySchema(operation)?.properties ?? {}) as Record<string, Schema>
  const lanes = Object.entries(properties).filter(([name]) => name !== 'last_sync' && name !== 'changes')
  const lists = Object.fromEntries(
    lanes.map(([name, list]) => {
      const lane = name === 'play_statuses' ? 'plays' : name
      const schema = entrySchema(world, list)
      const named = Object.keys((schema.properties ?? {}) as object)
      const good = (values(schema, ['sync', lane]) as fc.Arbitrary<Entry>).map((entry) =>
        allowed(lane, entry, listener),
      )
      const spoiled = fc
        .tuple(good, fc.constantFrom(...named), fc.constantFrom(undefined, ...oddities))
        .map(([entry, key, odd]) => {
          const { [key]: _, ...rest } = entry
          const needed = ((schema.required as string[] | undefined) ?? []).includes(key)
          if (odd === undefined && needed) return rest
          return { ...entry, [key]: odd ?? (/feed$/.test(key) ? notAFeed : {}) }
        })
      const right = (entry: unknown) => ({ bad: false, entry })
      const wrong = (entry: unknown) => ({ bad: true, entry })
      // A device that changed its mind and back again within one tick of its clock.
      const undecided = fc.tuple(good, good).map(([entry, other]) => {
        const rest = Object.entries(other).filter(([key]) => !whatAndWhen.test(key))
        const kept = Object.entries(entry).filter(([key]) => whatAndWhen.test(key))
        return [entry, Object.fromEntries([...rest, ...kept]), entry].map(right)
      })
      const some = fc.oneof(
        { weight: 6, arbitrary: good.map((entry) => [right(entry)]) },
        { weight: 2, arbitrary: spoiled.map((entry) => [wrong(entry)]) },
        { weight: 2, arbitrary: fc.constantFrom(...nonsense).map((entry) => [wrong(entry)]) },
        { weight: 1, arbitrary: undecided },
      )
      return [name, fc.array(some, { maxLength: 6 }).map((lists) => lists.flat())]
    }),
  )
  return fc
    .record({
      token: fc.constantFrom<Shot['token'][]>('own', 'phone', 'tablet'),
      cursor: fc.constantFrom(null, ...listener.cursors),
      nested: fc.boolean(),
      // Two names of one lane: what one has no index of.
      both: fc.constantFrom('plays', 'play_statuses'),
      lists: fc.record(lists, { noNullPrototype: true }),
    })
    .map(({ token, cursor, nested, both, lists: made }) => {
      const { [both]: _, ...kept } = made
      const entries = Object.fromEntries(
        Object.entries(kept).map(([name, list]) => [name, list.map(({ entry }) => entry)]),
      )
      const body = { last_sync: cursor, ...(nested ? { changes: entries } : entries) }
      const all = Object.entries(kept).flatMap(([name, list]) =>
        list.map((one, index) => ({ ...one, lane: name === 'play_statuses' ? 'plays' : name, index })),
      )
      const batch = {
        shot: {
          operation,
          token,
          path: {},
          query: [],
          headers: { 'content-type': 'application/json' },
          text: JSON.stringify(body),
        },
        bad: all.flatMap(({ bad, lane, index }) => (bad ? [`${lane} ${index}`] : [])).toSorted(),
        good: all.flatMap(({ bad, lane, entry }) => (bad ? [] : [{ lane, entry: entry as Entry }])),
      }
      return Object.defineProperty(batch, fc.toStringMethod, { value: () => typed(batch.shot) })
    })
}
