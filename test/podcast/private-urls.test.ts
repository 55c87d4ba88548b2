import { describe, expect, test } from 'vitest'
import { privateReason } from '../../src/podcast/private-urls.ts'

describe('looks like one listener’s own', () => {
  const table: Record<NonNullable<ReturnType<typeof privateReason>>, string[]> = {
    'user info': [
      'https://me:secret@feeds.example/show',
      'https://me@feeds.example/show',
      'https://:secret@feeds.example/show',
      'https://me:secret@www.patreon.com/rss/show',
    ],
    'member host': [
      'https://www.patreon.com/rss/show?auth=abc',
      'https://patreon.com/rss/show',
      'https://WWW.Patreon.COM/rss/show',
      'https://feeds.supportingcast.fm/show',
      'https://show.supercast.tech/feeds/1',
      'https://feeds.supercast.com/show',
      'https://show.memberful.com/rss/12',
      'https://access.acast.com/rss/1/2',
      'https://subscribers.transistor.fm/1',
      'https://app.glow.fm/show',
      'https://feeds.hello.audio/show',
      'https://steadyhq.com/rss/podcast/show',
      'https://show.podia.com/feed',
      'https://private-feeds.podbean.com/show',
    ],
    'secret in query': [
      'https://feeds.example/show?token=abcdef',
      'https://feeds.example/show?Auth_Token=abcdef',
      'https://feeds.example/show?format=rss&key=abcdef',
      'https://feeds.example/show?user=123456',
      'https://feeds.example/show?s=9f86d081884c7d659a2feaa0',
      'https://feeds.example/show?x=2f1c8a4e-6e60-432f-8610-ae210140c5b1',
      'https://feeds.example/show?q=k3V9xQ2mB7tR4wZ1',
    ],
    'secret in path': [
      'https://feeds.example/private/show',
      'https://feeds.example/private.rss',
      'https://feeds.example/show/9f86d081884c7d659a2feaa0',
      'https://feeds.example/show/9f86d081884c7d659a2feaa0.rss',
      'https://feeds.example/2f1c8a4e-6e60-432f-8610-ae210140c5b1/feed.xml',
      'https://feeds.example/2F1C8A4E-6E60-432F-8610-AE210140C5B1',
      'https://feeds.example/show/k3V9xQ2mB7tR4wZ1',
      'https://feeds.example/show/k3V9_xQ2mB7-tR4wZ1a.xml',
      'https://feeds.example/ab12-cd34-ef56-gh78',
      'https://feeds.example/show/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.dozjgNryP4J3jVmNHl0w5N',
    ],
  }
  const lines = Object.entries(table).flatMap(([reason, urls]) => urls.map((url) => [reason, url] as const))
  test.each(lines)('%s: %s', (reason, url) => {
    expect(privateReason(url)).toBe(reason)
  })
})

describe('looks like anybody’s', () => {
  test.each([
    'https://feeds.example/show',
    'https://feeds.example/show.xml',
    'http://feeds.example',
    'https://feeds.megaphone.fm/ADL9840290619',
    'https://feeds.simplecast.com/54nAGcIl',
    'https://rss.art19.com/the-daily',
    'https://podcasts.files.bbci.co.uk/p02nq0gn.rss',
    'https://feeds.npr.org/510289/podcast.xml',
    'https://anchor.fm/s/1e4710e0/podcast/rss',
    'https://feeds.buzzsprout.com/1234567890123456.rss',
    'https://www.spreaker.com/show/4488937/episodes/feed',
    'https://feeds.soundcloud.com/users/soundcloud:users:211911700/sounds.rss',
    'https://example.libsyn.com/rss',
    'https://blog.example/2024/05/17/feed.xml',
    'https://blog.example/2024-05-17/2024-05-18/feed',
    'https://feeds.example/archive-2019-2020-2021-2022-2023',
    'https://feeds.example/the-very-long-story-of-how-we-built-a-podcast-server-in-one-winter',
    'https://feeds.example/ein_sehr_langer_name_fuer_eine_sendung_mit_unterstrichen',
    'https://feeds.example/supercalifragilisticexpialidocious',
    'https://feeds.example/SixteenLettersAndMoreInMixedCase',
    'https://feeds.example/hits-of-the-80s-90s-and-00s',
    'https://feeds.example/the-1st-2nd-and-3rd-world-war',
    'https://feeds.example/covid19-and-the-mp3-player',
    'https://feeds.example/show?format=mp3&page=2',
    'https://feeds.example/show?id=123456789',
    'https://feeds.example/show?lang=en&category=technology-and-society-weekly',
    'https://feeds.example/show?key=abc',
    'https://feeds.example/privately-owned/show',
    'https://notpatreon.com/rss/show',
    'https://patreon.com.feeds.example/show',
    'https://fans.example/patreon.com/show',
    'no address at all',
  ])('%s', (url) => {
    expect(privateReason(url)).toBeNull()
  })
})
