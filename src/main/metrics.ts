import type { Meter } from '@opentelemetry/api'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import type { Queryable } from '../database/store.ts'
import type { FeedWatch } from '../feeds/watch.ts'
import type { Following } from '../journal/followers.ts'
import type { Live } from '../sync/live/index.ts'
import { feedMetrics } from './feed-metrics.ts'

export interface Metrics {
  /** Counts this process' looks at feeds. */
  readonly feeds: FeedWatch
  /** Tells of live channels, too. */
  show(live: Pick<Live, 'counts'>): void
  /** The text of `/metrics`. */
  text(): Promise<string>
  stop(): Promise<void>
}

/** What the instance counts, by OpenTelemetry, told in Prometheus' format. */
export function createMetrics(following: Following, cache: Queryable): Metrics {
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const provider = new MeterProvider({ readers: [exporter] })
  const meter = provider.getMeter('balados-sync')
  const lag = meter.createObservableGauge('balados_follower_lag_events', {
    description: 'Events of the journal that a follower has not applied yet',
  })
  const stopped = meter.createObservableGauge('balados_follower_stopped', {
    description: '1 when a follower met an event it can not apply and waits before it',
  })
  meter.addBatchObservableCallback(
    async (result) => {
      for (const state of await following.states()) {
        result.observe(lag, state.lag, { follower: state.name })
        result.observe(stopped, state.stopped ? 1 : 0, { follower: state.name })
      }
    },
    [lag, stopped],
  )
  const memory = meter.createObservableGauge('process_resident_memory_bytes', { description: 'Resident memory' })
  memory.addCallback((result) => result.observe(process.memoryUsage.rss()))
  const serializer = new PrometheusSerializer()
  return {
    feeds: feedMetrics(meter, cache),
    show: (live) => liveMetrics(meter, live),
    text: async () => serializer.serialize((await exporter.collect()).resourceMetrics),
    stop: () => provider.shutdown(),
  }
}

function liveMetrics(meter: Meter, live: Pick<Live, 'counts'>): void {
  const channels = meter.createObservableGauge('balados_live_channels', {
    description: 'Live channels that are open in this process',
  })
  const pushed = meter.createObservableCounter('balados_live_changes', {
    description: 'Changes told over live channels, each channel counted',
  })
  const slow = meter.createObservableCounter('balados_live_slow_readers', {
    description: 'Live channels cut off because nobody read them',
  })
  const resumed = meter.createObservableCounter('balados_live_resumptions', {
    description: 'Live channels that went on from a token',
  })
  meter.addBatchObservableCallback(
    (result) => {
      const counts = live.counts()
      for (const [kind, open] of Object.entries(counts.open)) result.observe(channels, open, { kind })
      result.observe(pushed, counts.pushed)
      result.observe(slow, counts.slow)
      result.observe(resumed, counts.resumed)
    },
    [channels, pushed, slow, resumed],
  )
}
