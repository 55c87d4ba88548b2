import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Arrangement,
  applicable,
  changesNothing,
  inOrder,
  rearrange,
  rearranged,
  unchanged,
} from '../../src/podcast/arrangement.ts'
import { everything, type Seen } from '../../src/podcast/seen.ts'
import { plain } from '../kernel/stream.ts'
import { runs } from '../support/runs.ts'

const numRuns = runs(100, 1000)
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
const written = { number: 1, author: null }

/** Items at these places; several may share one. */
const arrangement: fc.Arbitrary<Arrangement> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...names), fc.constantFrom('Zz', 'a0', 'a0V', 'a1', 'a2', 'a3')), {
    selector: ([name]) => name,
  })
  .map((items) =>
    Object.fromEntries(items.map(([name, place], i) => [name, { place, at: i, ...written, added: [written] }])),
  )

/** Items at places of their own. */
const ordered = fc.shuffledSubarray(names).map((items) => arranged(items))

function arranged(items: readonly string[]): Arrangement {
  return rearranged({}, rearrange({}, items, 0), written)
}

const wanted = fc.array(fc.constantFrom(...names), { maxLength: 14 })

test('a rearrangement in sight gives exactly the list that was wanted, each item once', () => {
  fc.assert(
    fc.property(arrangement, wanted, (known, list) => {
      const edit = rearrange(known, list, 50)
      const after = plain(rearranged(known, applicable(known, edit, everything), { number: 2, author: null }))
      expect(inOrder(after)).toEqual([...new Set(list)])
      expect(plain(edit)).toEqual(edit)
    }),
    { numRuns },
  )
})

test('a list as it was known is no rearrangement, though items share a place', () => {
  fc.assert(
    fc.property(arrangement, (known) => {
      expect(rearrange(known, inOrder(known), 50)).toEqual(unchanged)
    }),
    { numRuns },
  )
})

test('a rearrangement says only what differs, in the fewest moves', () => {
  /** Length of the longest run of rising numbers, by trying each as the last one. */
  const longestRise = (numbers: readonly number[]): number => {
    const ends: number[] = []
    numbers.forEach((n, i) => {
      ends.push(1 + Math.max(0, ...ends.filter((_, j) => j < i && (numbers[j] as number) < n)))
    })
    return Math.max(0, ...ends)
  }
  fc.assert(
    fc.property(ordered, wanted, (known, list) => {
      const edit = rearrange(known, list, 50)
      const old = inOrder(known)
      const target = [...new Set(list)]
      const kept = target.filter((item) => item in known)
      expect(edit.added.map(([item]) => item).sort()).toEqual(target.filter((item) => !(item in known)).sort())
      expect([...edit.removed].sort()).toEqual(old.filter((item) => !target.includes(item)).sort())
      expect(edit.moved).toHaveLength(kept.length - longestRise(kept.map((item) => old.indexOf(item))))
    }),
    { numRuns },
  )
})

test('moving one item moves one', () => {
  fc.assert(
    fc.property(ordered, fc.nat(), fc.nat(), (known, from, to) => {
      const list = inOrder(known)
      fc.pre(list.length > 1)
      const item = list[from % list.length] as string
      const others = list.filter((other) => other !== item)
      const target = others.toSpliced(to % list.length, 0, item)
      fc.pre(target.join() !== list.join())
      const edit = rearrange(known, target, 50)
      expect(edit).toMatchObject({ added: [], removed: [] })
      // Changing places with a neighbour may move either of the two.
      expect(edit.moved).toHaveLength(1)
    }),
    { numRuns },
  )
})

test('additions of both are kept, what either removed is gone, and the rest is in the order of its last writers', () => {
  const base: Seen = { what: 'until', number: 1, author: 'me', ownSince: 9 }
  fc.assert(
    fc.property(ordered, wanted, wanted, fc.integer({ min: 45, max: 55 }), (known, mine, theirs, at) => {
      const edits = [rearrange(known, mine, 50), rearrange(known, theirs, at)]
      const apply = (order: typeof edits) =>
        inOrder(
          order.reduce(
            (now, edit, i) => rearranged(now, applicable(now, edit, base), { number: 2 + i, author: `device ${i}` }),
            known,
          ),
        )
      const together = apply(edits)
      expect(apply(edits.toReversed())).toEqual(together)
      const gone = (item: string) => item in known && !(mine.includes(item) && theirs.includes(item))
      expect([...together].sort()).toEqual(
        names.filter((name) => (name in known || mine.includes(name) || theirs.includes(name)) && !gone(name)),
      )
      // Where only one of them rearranged, the list is as that one wanted it.
      if (changesNothing(edits[1] ?? unchanged)) expect(together).toEqual([...new Set(mine)])
    }),
    { numRuns },
  )
})
