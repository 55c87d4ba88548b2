import fc from 'fast-check'
import { inOrder } from '../../src/podcast/arrangement.ts'
import type { ListEdit, ListState } from '../../src/podcast/lists.ts'
import { noon, type View } from '../kernel/stream.ts'

/** What a device says of a list; `at` is milliseconds after noon. */
export interface Said extends Partial<Pick<ListEdit, 'fields' | 'deleted' | 'items'>> {
  readonly at: number
}

/** The edit behind what is said, but for what tells a playlist from a collection. */
export const editOf = ({ fields = {}, at, ...rest }: Said, { known, seen }: View<ListState>): ListEdit => ({
  fields,
  ...rest,
  at: noon + at,
  sentAt: noon + at,
  seen,
  known,
})

/** One thing a person does to the items of a list. */
type Doing = { readonly do: 'add' | 'move' | 'remove'; readonly item: string; readonly to: number }

const doing: fc.Arbitrary<Doing> = fc.record({
  do: fc.constantFrom('add', 'add', 'move', 'move', 'remove'),
  item: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
  to: fc.nat(7),
})

/** The list after somebody did this to it. */
function done(list: readonly string[], doings: readonly Doing[]): readonly string[] {
  return doings.reduce((now, { do: what, item, to }) => {
    const others = now.filter((other) => other !== item)
    if (what === 'remove') return others
    const applies = (what === 'move') === now.includes(item)
    return applies ? others.toSpliced(Math.min(to, others.length), 0, item) : now
  }, list)
}

/** What a person wants done on one device; `doings` not given leaves the items unsaid. */
export interface Intent {
  readonly fields: ListEdit['fields']
  readonly deleted: boolean | undefined
  readonly doings: readonly Doing[] | undefined
  readonly at: number
}

/** Few values, so that ties and repeats are common. */
export const intent = (fields: Record<string, fc.Arbitrary<string | boolean | null>>, earliest: number) =>
  fc.record({
    fields: fc.record(fields, { requiredKeys: [] }),
    deleted: fc.constantFrom(undefined, false, false, false, true),
    doings: fc.option(fc.array(doing, { maxLength: 4 }), { nil: undefined }),
    at: fc.integer({ min: earliest, max: earliest + 8 }),
  }) as fc.Arbitrary<Intent>

/** What a device sends that has this list. */
export const carriedOut = ({ fields, deleted, doings, at }: Intent, has: ListState): Said => ({
  fields,
  ...(deleted === undefined ? {} : { deleted }),
  ...(doings === undefined ? {} : { items: done(inOrder(has.items), doings) }),
  at,
})
