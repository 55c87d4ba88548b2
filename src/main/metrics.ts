import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import type { Following } from '../journal/followers.ts'

export interface Metrics {
  /** The text of `/metrics`. */
  text(): Promise<string>
  stop(): Promise<void>
}

/** What the instance counts, by OpenTelemetry, told in Prometheus' format. */
export function createMetrics(following: Following): Metrics {
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
    text: async () => serializer.serialize((await exporter.collect()).resourceMetrics),
    stop: () => provider.shutdown(),
  }
}
