import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Journal } from '../../src/journal/journal.ts'
import type { Unit } from '../../src/journal/unit.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { success } from '../../src/kernel/endpoint.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import { play } from '../../src/plays/index.ts'
import { everything } from '../../src/podcast/seen.ts'
import { type FreshStores, freshStores } from '../support/database.ts'
import { openDoors, somebody } from '../support/journal-doors.ts'

let fresh: FreshStores
let journal: Journal
beforeAll(async () => {
  fresh = await freshStores()
  journal = openDoors(fresh.stores).instance.journal
})
afterAll(() => fresh.close())

const podcast = randomUUID()

/** Says an edit once, asking for it beforehand; answers whether it had been heard. */
async function say(user: UserId, id: string, edit: string, position: number | null): Promise<boolean> {
  let wasHeard = false
  const now = Date.now()
  const origin = { user, author: { app: 'test', device: null }, now, request: null }
  const work = async (unit: Unit) => {
    wasHeard = (await unit.heard([edit])).has(edit)
    if (wasHeard) return success
    if (position === null) unit.hear(edit, `play/${id}`)
    else {
      const time = { at: now, sentAt: now, seen: everything }
      const place = { podcast, position, played: false, duration: null, started: null, reset: false }
      const decided = unit.decide(play, id, { ...place, ...time }, { edit })
      if (isRefusal(decided)) return decided
    }
    return success
  }
  expect(isRefusal(await journal.commit(origin, work, { decider: play, id, edit }))).toBe(false)
  return wasHeard
}

test('an edit that is asked for together with its stream is heard once, whether it changed something or not', async () => {
  for (const position of [60, null]) {
    const [user, id, edit] = [somebody(), randomUUID(), randomUUID()]
    expect(await say(user, id, edit, position)).toBe(false)
    expect(await say(user, id, edit, position)).toBe(true)
    expect(await say(somebody(), id, edit, position)).toBe(false)
    expect((await journal.head(user)).lastNumber).toBe(position === null ? 0 : 1)
  }
})

test('said by many at the same moment it is heard once as well', async () => {
  const [user, id, edit] = [somebody(), randomUUID(), randomUUID()]
  const heard = await Promise.all(Array.from({ length: 8 }, () => say(user, id, edit, 60)))
  expect(heard.filter((was) => !was)).toHaveLength(1)
  expect((await journal.head(user)).lastNumber).toBe(1)
})

test('whoever asks for another edit than the one asked for beforehand is answered for each', async () => {
  const [user, id, first, second] = [somebody(), randomUUID(), randomUUID(), randomUUID()]
  await say(user, id, first, 60)
  await say(user, id, second, null)
  const third = randomUUID()
  const found: string[][] = []
  const origin = { user, author: { app: 'test', device: null }, now: Date.now(), request: null }
  for (const edit of [first, second, third]) {
    const work = async (unit: Unit) => {
      found.push([...(await unit.heard([first, third, second]))].toSorted())
      return success
    }
    await journal.commit(origin, work, { decider: play, id, edit })
  }
  expect(found).toEqual([0, 0, 0].map(() => [first, second].toSorted()))
})
