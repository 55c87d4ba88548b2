import { expect, test } from 'vitest'
import type { EpisodeId, PodcastId } from '../../src/kernel/brand.ts'
import { coverOf, coverSizes, coverUrl } from '../../src/podcast/covers.ts'

const podcast = '0197c0de-0000-7000-8000-000000000001' as PodcastId
const episode = '0197c0de-0000-7000-8000-000000000002' as EpisodeId

test('a cover is served by the instance itself, in every size', () => {
  const { src, srcset } = coverOf('https://pods.example/', podcast)
  expect(src).toBe(`https://pods.example/covers/${podcast}?size=600`)
  const offered = srcset.split(', ').map((each) => each.split(' '))
  expect(offered.map(([, width]) => width)).toEqual(coverSizes.map((size) => `${size}w`))
  for (const [url = ''] of offered) expect(new URL(url).pathname).toBe(`/covers/${podcast}`)
})

test('an episode has a picture of its own', () => {
  const at = `https://pods.example/covers/${podcast}/${episode}?size=128`
  expect(coverUrl('https://pods.example', podcast, episode, 128)).toBe(at)
  expect(coverOf('https://pods.example', podcast, episode).srcset).toContain(at)
})
