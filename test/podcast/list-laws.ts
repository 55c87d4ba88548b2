import fc from 'fast-check'
import { expect } from 'vitest'
import type { Decider, Fact } from '../../src/kernel/decider.ts'
import { inOrder } from '../../src/podcast/arrangement.ts'
import type { ListEdit, ListState } from '../../src/podcast/lists.ts'
import { past, type Speech } from '../kernel/laws.ts'
import { commanded, devices, noon, synced, told } from '../kernel/stream.ts'
import { runs } from '../support/runs.ts'
import { carriedOut, type Intent } from './list-speech.ts'

const numRuns = runs(100, 1000)

/** An edit in sight of what stands replaces it, whatever the clocks say: fields, items, and whether it is there. */
export function replacesInSight<S extends ListState, C, F extends Fact>(speech: Speech<S, C, F, Intent>): void {
  const { decider, says } = speech
  fc.assert(
    fc.property(
      past(speech),
      speech.said(0),
      fc.constantFrom(...devices),
      fc.boolean(),
      (stream, intent, author, direct) => {
        const before = stream.state
        const order = says(intent, before)
        const { state } = direct
          ? commanded(decider, stream, author, order)
          : synced(decider, stream, author, stream.head, order)
        const { fields, deleted, items } = carriedOut(intent, before)
        for (const [name, value] of Object.entries(fields ?? {}))
          if (state.alive !== null) expect(state.fields[name]?.value).toBe(value)
        if (deleted !== undefined && before.alive !== null) expect(state.alive?.value).toBe(!deleted)
        if (Array.isArray(items) && deleted !== true) expect(inOrder(state.items)).toEqual(items)
        if (state !== before) expect(state.updatedAt).toBeGreaterThan(before.updatedAt)
      },
    ),
    { numRuns },
  )
}

/** Without a token the whole edit stands or falls by its time. */
export function standsOrFallsByItsTime<S extends ListState, C, F extends Fact>(speech: Speech<S, C, F, Intent>): void {
  const { decider, says } = speech
  fc.assert(
    fc.property(past(speech), speech.said(0), fc.constantFrom(...devices), (stream, intent, author) => {
      const before = stream.state
      fc.pre(before.alive !== null)
      const { state } = told(decider, stream, author, says(intent, before))
      if (noon + intent.at <= before.updatedAt) expect(state).toEqual(before)
      else {
        const { fields, items } = carriedOut(intent, before)
        for (const [name, value] of Object.entries(fields ?? {})) expect(state.fields[name]?.value).toBe(value)
        if (Array.isArray(items) && intent.deleted !== true) expect(inOrder(state.items)).toEqual(items)
      }
    }),
    { numRuns },
  )
}

/** Of a deletion and an edit made at once the newer decides whether the list is there, and on a tie it is. */
export function deletionsAndEditsContend<S extends ListState, C, F extends Fact>(
  decider: Decider<S, C, F>,
  says: (said: Pick<ListEdit, 'fields' | 'deleted' | 'items' | 'at'>) => Parameters<typeof commanded<S, C, F>>[3],
): void {
  const moment = fc.integer({ min: 1, max: 4 })
  const edit = fc.constantFrom<Pick<ListEdit, 'fields' | 'items'>>(
    { fields: { isPublic: true } },
    { fields: {}, items: ['b', 'a'] },
    { fields: {}, items: ['a'] },
    { fields: {}, items: ['a', 'b', 'c'] },
  )
  fc.assert(
    fc.property(
      fc.array(fc.record({ at: moment, edit: fc.option(edit) }), { minLength: 2, maxLength: 4 }),
      (entries) => {
        const made = { items: ['a', 'b'], fields: {}, deleted: false, at: 0 }
        const base = commanded(decider, { events: [], state: decider.initial, head: 0 }, devices[0], says(made))
        const { state } = entries.reduce((stream, { at, edit }, i) => {
          const author = devices[i] ?? devices[0]
          const said = edit ? { ...edit, deleted: false, at } : { fields: {}, deleted: true, at }
          return synced(decider, stream, author, base.head, says(said))
        }, base)
        const newest = Math.max(...entries.map((entry) => entry.at))
        const stays = entries.some((entry) => entry.at === newest && entry.edit !== null)
        expect(state.alive).toMatchObject({ value: stays, at: noon + newest })
      },
    ),
    { numRuns },
  )
}
