import { type App, bodyOf, freePort, type Reply, startServer, type TestServer } from './instance.ts'
import { secret } from './journal-doors.ts'
import { dataFolder, startProcess } from './process.ts'

/** Two servers on one database: this process, and another one. */
export interface TwoServers {
  readonly here: TestServer
  /** Where the other one is. */
  readonly url: string
  /** The same call below `/api/v1` at the other server. */
  there(app: App, method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>
  close(): Promise<void>
}

export async function startTwoServers({ rateLimits = false } = {}): Promise<TwoServers> {
  const here = await startServer({ rateLimits })
  const folder = await dataFolder()
  const other = await startProcess({
    DATABASE_URL: here.fresh.urls.events,
    DATA_DIR: folder.path,
    SECRET_KEY_BASE: secret,
    PORT: String(await freePort()),
    LOG_LEVEL: 'error',
    RATE_LIMITS: rateLimits ? 'on' : 'off',
  })
  return {
    here,
    url: other.url,
    async there(app, method, path, body, headers = {}) {
      const response = await fetch(`${other.url}/api/v1${path}`, {
        method,
        headers: {
          authorization: app.bearer(),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      return { status: response.status, body: bodyOf(response, await response.text()), headers: response.headers }
    },
    async close() {
      await other.kill('SIGTERM')
      await here.close()
      await folder.remove()
    },
  }
}
