import { monitorEventLoopDelay } from 'node:perf_hooks'
import pino from 'pino'
import { readConfig } from '../../src/main/config.ts'
import { serve } from '../../src/main/serve.ts'
import { secret } from './instance.ts'

/** A server in the role web, as it runs. Answers each message by the p99 of its event loop's delay, and its CPU time, since the last one. */
const [, , url = '', port = ''] = process.argv
const config = readConfig({ DATABASE_URL: url, PORT: port, HOST: '127.0.0.1', ROLE: 'web', SECRET_KEY_BASE: secret })
if (Array.isArray(config)) throw new Error(JSON.stringify(config))
await serve({ ...config, secretKeyBase: secret }, pino({ level: 'error' }))
const resolution = 10
const delay = monitorEventLoopDelay({ resolution })
delay.enable()
let cpu = process.cpuUsage()
process.on('message', () => {
  const { user, system } = process.cpuUsage(cpu)
  cpu = process.cpuUsage()
  // The histogram counts the timer's own pause as well.
  process.send?.({
    p99: delay.percentile(99) / 1e6 - resolution,
    max: delay.max / 1e6 - resolution,
    cpuMs: (user + system) / 1000,
  })
  delay.reset()
})
process.send?.('ready')
process.on('disconnect', () => process.exit(0))
