import type { Meter } from '@opentelemetry/api'
import type { Queryable } from '../database/store.ts'
import { type FeedCount, feedCounts } from '../feeds/queries.ts'
import type { FeedWatch } from '../feeds/watch.ts'

/** Counting all feeds takes a while where there are many: who asks again within so many milliseconds hears the same. */
const countsLive = 10_000

/** How feeds stand, by the cache that all processes share; and what the looks of this process come to. */
export function feedMetrics(meter: Meter, cache: Queryable): FeedWatch {
  let known: { readonly at: number; readonly counts: Promise<readonly FeedCount[]> } | null = null
  const counted = (): Promise<readonly FeedCount[]> => {
    const now = performance.now()
    if (known === null || now - known.at > countsLive) known = { at: now, counts: feedCounts(cache) }
    return known.counts
  }
  const feeds = meter.createObservableGauge('balados_feeds', { description: 'Feeds that are known' })
  const wanted = meter.createObservableGauge('balados_feeds_wanted', {
    description: 'Feeds on the list, which somebody follows or plays',
  })
  const due = meter.createObservableGauge('balados_feeds_due', { description: 'Feeds that wait for a worker' })
  const lately = meter.createObservableGauge('balados_feeds_looked_at_last_hour', {
    description: 'Feeds that any process has looked at within the last hour',
  })
  const oldest = meter.createObservableGauge('balados_feeds_oldest_due_seconds', {
    description: 'For how long the feed has waited that waits longest for a worker',
  })
  meter.addBatchObservableCallback(
    async (result) => {
      let since = Number.POSITIVE_INFINITY
      for (const { status, ...count } of await counted()) {
        result.observe(feeds, count.feeds, { status })
        result.observe(wanted, count.wanted, { status })
        result.observe(due, count.due, { status })
        result.observe(lately, count.lately, { status })
        since = Math.min(since, count.oldestDue?.getTime() ?? since)
      }
      result.observe(oldest, Math.max(0, (Date.now() - since) / 1000))
    },
    [feeds, wanted, due, lately, oldest],
  )
  const refreshes = meter.createCounter('balados_feed_refreshes', { description: 'Looks at feeds of this process' })
  const bytes = meter.createCounter('balados_feed_bytes', { description: 'Bytes of feeds that came, unpacked' })
  const seconds = meter.createHistogram('balados_feed_fetch_seconds', {
    description: 'How long it took to ask for a feed',
    advice: { explicitBucketBoundaries: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60] },
  })
  return {
    looked: (outcome) => refreshes.add(1, { outcome }),
    fetched(ms, size) {
      seconds.record(ms / 1000)
      bytes.add(size)
    },
  }
}
