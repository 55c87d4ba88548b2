import pg from 'pg'

interface Log {
  error(context: object, message: string): void
}

/** Milliseconds before a broken connection is made anew. */
const pause = 1_000

/**
 * LISTEN on a connection of its own, made anew when it breaks.
 * @param heard gets each payload, and null whenever the connection was made: what was said before is not known
 */
export async function listen(
  url: string,
  channel: string,
  heard: (payload: string | null) => void,
  log: Log,
): Promise<{ stop(): Promise<void> }> {
  let stopped = false
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | undefined
  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({ connectionString: url, keepAlive: true, application_name: 'balados-sync listener' })
    fresh.on('notification', ({ payload }) => heard(payload ?? ''))
    fresh.on('error', (error) => {
      log.error({ err: error }, 'the connection that listens to the journal broke')
    })
    fresh.on('end', () => {
      if (!stopped) timer = setTimeout(() => void connect().catch(() => undefined), pause)
    })
    await fresh.connect()
    try {
      await fresh.query(`listen ${channel}`)
    } catch (error) {
      // Its end makes another one.
      await fresh.end()
      throw error
    }
    if (stopped) return fresh.end()
    client = fresh
    heard(null)
  }
  await connect()
  return {
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await client?.end()
    },
  }
}
