import { test } from 'vitest'
import { playlist } from '../../src/playlists/decider.ts'
import { holdsInEveryOrder } from '../kernel/laws.ts'
import { deletionsAndEditsContend, replacesInSight, standsOrFallsByItsTime } from '../podcast/list-laws.ts'
import { says, speech } from './speech.ts'

test('concurrent edits of a playlist come to the same in every order', () => {
  holdsInEveryOrder(speech, false)
})

test('an edit in sight of what stands replaces it, whatever the clocks say', () => {
  replacesInSight(speech)
})

test('where nobody knows what was seen, the whole edit stands or falls by its time', () => {
  standsOrFallsByItsTime(speech)
})

test('of deleting and editing a playlist at once the newer decides, and on a tie it stays', () => {
  deletionsAndEditsContend(playlist, says)
})
