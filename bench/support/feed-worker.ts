import pino from 'pino'
import { openFeeds } from '../../src/main/feeds.ts'
import { benchInstance, publicUrl, secret } from './instance.ts'

/** The worker's half that looks at feeds, as a process of its own. Each message makes it look at all that are due. */
const [, , url = ''] = process.argv
const instance = await benchInstance(url)
const feeds = await openFeeds(instance, { publicUrl, allowPrivate: true, secret, log: pino({ level: 'error' }) })
process.on('message', async () => {
  const cpu = process.cpuUsage()
  const started = performance.now()
  const tally = await feeds.worker.refreshDue()
  const ms = performance.now() - started
  const { user, system } = process.cpuUsage(cpu)
  // Kilobytes, the most since the process began.
  const peak = process.resourceUsage().maxRSS / 1000
  process.send?.({ tally, ms, cpuMs: (user + system) / 1000, peak })
})
process.send?.('ready')
process.on('disconnect', () => process.exit(0))
