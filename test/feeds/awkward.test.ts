import { expect, test } from 'vitest'
import { readFeed } from '../../src/feeds/understanding/read-feed.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import { awkwardFeeds, withIsoTimes } from './expectations.ts'

const specimens = awkwardFeeds()

test('there are at least sixty awkward feeds', () => {
  expect(specimens.length).toBeGreaterThanOrEqual(60)
})

test.for(specimens.map((specimen) => [specimen.says, specimen] as const))('%s', async ([, specimen]) => {
  const { url = 'https://feeds.example/shows/feed.xml', contentType = null } = specimen
  const understood = await readFeed(specimen.bytes, { url, contentType })
  if (specimen.refused !== undefined) {
    expect(understood).toMatchObject({ refused: 'upstream', code: specimen.refused })
    expect(understood).toHaveProperty('message', expect.stringContaining(specimen.message ?? ''))
    return
  }
  if (isRefusal(understood)) throw new Error(`refused: ${understood.message}`)
  const { episodes, notes, ...feed } = understood
  expect(withIsoTimes(feed)).toMatchObject(specimen.feed ?? {})
  expect(episodes.map(withIsoTimes)).toMatchObject(specimen.episodes ?? [])
  if (specimen.notes) expect(Object.fromEntries(notes.map(({ what, times }) => [what, times]))).toEqual(specimen.notes)
})
