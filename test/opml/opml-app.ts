import type { App, Reply } from '../support/instance.ts'

export interface Shelf {
  readonly title: string
  readonly isDefault: boolean
  /** Feed URLs in order. */
  readonly feeds: readonly string[]
}

const urlOf = (name: string): string => Buffer.from(name, 'base64url').toString()

/** What the listener follows, sorted. */
export async function followed(app: App): Promise<readonly string[]> {
  const { body } = await app.call('GET', '/subscriptions')
  return body.subscriptions.map((row: { rss_source_feed: string }) => urlOf(row.rss_source_feed)).toSorted()
}

/** The listener's collections, the default one first. */
export async function shelves(app: App): Promise<readonly Shelf[]> {
  const { body } = await app.call('GET', '/collections')
  return body.collections.map((row: { title: string; is_default: boolean; feeds: { rss_source_feed: string }[] }) => ({
    title: row.title,
    isDefault: row.is_default,
    feeds: row.feeds.map((feed) => urlOf(feed.rss_source_feed)),
  }))
}

export const send = (app: App, file: string, headers: Record<string, string> = {}): Promise<Reply> =>
  app.call('POST', '/subscriptions/import', file, { headers: { 'content-type': 'text/x-opml', ...headers } })

/** Waits until an import has ended; answers how it went. */
export async function ended(app: App, id: string): Promise<Reply['body']> {
  for (let n = 0; n < 400; n++) {
    const { body } = await app.call('GET', `/subscriptions/import/${id}`)
    if (body.import.ended_at !== null) return body.import
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the import does not end')
}

/** Brings a file and waits until it is done. */
export async function bring(app: App, file: string): Promise<Reply['body']> {
  const said = await send(app, file)
  if (said.status !== 202) throw new Error(`${said.status} ${JSON.stringify(said.body)}`)
  return ended(app, said.body.import.id)
}

export async function take(url: string, app: App): Promise<{ status: number; text: string; headers: Headers }> {
  const answer = await fetch(`${url}/api/v1/subscriptions/export.opml`, { headers: { authorization: app.bearer() } })
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

export const opml = (body: string, title = 'Podcasts'): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0"><head><title>${title}</title></head><body>\n${body}\n</body></opml>`
