import type { Command } from 'commander'
import { decisionsAbout, type FeedState, feedCounts, feedState, troubledFeeds } from '../../feeds/queries.ts'
import { readFeedUrl } from '../../podcast/names.ts'
import { ask, CommandError, table, type Workshop, withInstance } from '../console.ts'
import { openFeeds } from '../feeds.ts'

const time = (date: Date | null): string => (date === null ? 'never' : date.toISOString().replace(/\.\d+Z$/, 'Z'))

/** The feed URL of the argument, or of standard input for `-`: what stands in a command line others may see. */
async function podcastAt({ instance }: Workshop, argument: string) {
  const text = argument === '-' ? await ask('URL of the feed: ') : argument
  const url = readFeedUrl(text)
  if (url === null) throw new CommandError('That is no URL of a feed.')
  const podcast = await instance.catalog.knownPodcast(url)
  if (podcast === null) throw new CommandError('Nobody here has named that feed yet.')
  return podcast
}

function hubInWords({ hubs, lease }: FeedState): string[] {
  if (lease === null) {
    return hubs === 0
      ? []
      : ['It names a hub, which is not asked: only for a public feed, that says who it is, by a public server.']
  }
  const tells = lease.until !== null && lease.until > Date.now()
  const standing = tells ? `tells of changes until ${time(new Date(lease.until))}` : 'does not tell of changes'
  const trouble = lease.lastError === null ? '' : ` Trouble: ${lease.lastError}.`
  const ignored = lease.ignored === 0 ? '' : ` ${lease.ignored} times something came without a right signature.`
  return [`Its hub ${standing}${lease.waiting ? ', and was just asked' : ''}.${trouble}${ignored}`]
}

function describe(state: FeedState): string {
  const listed = state.wanted
    ? `on the list, followed by ${state.followers}`
    : 'not on the list: nobody follows it or played it lately'
  const next = state.wanted ? `next look at ${time(state.nextCheckAt)}` : 'no next look'
  return [
    `${state.title ?? 'A feed without a title'}: ${state.status}, ${state.episodes} episodes; ${listed}.`,
    `Looked at ${time(state.checkedAt)}, read ${time(state.fetchedAt)}, changed ${time(state.changedAt)}; ${next}.`,
    ...(state.lastError === null ? [] : [`Trouble: ${state.lastError}.`]),
    ...hubInWords(state),
    ...(state.claimedUntil !== null && state.claimedUntil > new Date() ? ['A worker is at it.'] : []),
  ].join('\n')
}

const outcomes = {
  changed: 'It has changed and was read.',
  unchanged: 'It has not changed.',
  failed: 'It could not be read.',
  lost: 'A worker was at it at the same time, and what it found stands.',
  busy: 'A worker is at it right now: try again in a minute or two.',
}

export function addFeedCommands(program: Command): void {
  const feeds = program.command('feeds').description('the feeds of podcasts, and when they are looked at')

  feeds
    .command('status')
    .description('how many feeds stand how, and which have been failing for longest; shows private URLs')
    .action(() =>
      withInstance(async ({ stores, instance }) => {
        const counts = await feedCounts(stores.cache.pool)
        if (counts.length === 0) return console.log('No feed is known yet.')
        console.log(
          table(
            ['status', 'feeds', 'on the list', 'due', 'due since', 'last hour'],
            counts.map((c) => [c.status, c.feeds, c.wanted, c.due, c.oldestDue ? time(c.oldestDue) : '', c.lately]),
          ),
        )
        const troubled = await troubledFeeds(stores.cache.pool, 20)
        if (troubled.length === 0) return
        const entries = await instance.catalog.podcastEntries(troubled.map(({ podcast }) => podcast))
        console.log(`\nFailing for longest:`)
        console.log(
          table(
            ['since', 'failures', 'feed', 'trouble'],
            troubled.map((f) => [time(f.failingSince), f.failures, entries.get(f.podcast)?.feedUrl, f.lastError]),
          ),
        )
      }),
    )

  feeds
    .command('refresh')
    .description('look at one feed now, whenever it is due, and tell what came of it')
    .argument('<url>', 'the feed, or - to read it from standard input')
    .action((url: string) =>
      withInstance(async (workshop) => {
        const { config, instance, log, stores } = workshop
        const podcast = await podcastAt(workshop, url)
        const parts = {
          publicUrl: config.publicUrl,
          allowPrivate: config.allowPrivateAddresses,
          secret: config.secretKeyBase,
          log,
        }
        const opened = await openFeeds(instance, parts)
        try {
          const looked = await opened.worker.refresh(podcast)
          console.log(outcomes[looked])
          if (looked === 'failed') process.exitCode = 1
          const [newest] = await decisionsAbout(stores.cache.pool, podcast, 1)
          if (newest && looked !== 'busy') console.log(newest.words)
        } finally {
          await opened.stop()
        }
      }),
    )

  feeds
    .command('why')
    .description('every decision about one feed, the newest last')
    .argument('<url>', 'the feed, or - to read it from standard input')
    .option('--last <number>', 'only so many', '50')
    .action((url: string, { last }: { last: string }) =>
      withInstance(async (workshop) => {
        const most = Number(last)
        if (!Number.isInteger(most) || most < 1) throw new CommandError('--last needs a whole number from 1 on.')
        const podcast = await podcastAt(workshop, url)
        const { cache } = workshop.stores
        const state = await feedState(cache.pool, podcast)
        if (!state) throw new CommandError('That feed is known by name only: nobody has followed or played it yet.')
        console.log(describe(state))
        const entry = (await workshop.instance.catalog.podcastEntries([podcast])).get(podcast)
        if (entry?.privateReason) console.log(`Private unless a listener says otherwise: ${entry.privateReason}.`)
        else if (!entry?.fetched) console.log('Private until it has been read without a password.')
        const decisions = await decisionsAbout(cache.pool, podcast, Math.min(most, 10_000))
        for (const { decidedAt, words } of decisions.reverse()) console.log(`${time(decidedAt)}  ${words}`)
      }),
    )
}
