import { setImmediate } from 'node:timers/promises'
import type pg from 'pg'
import { collectionsOf } from '../collections/queries.ts'
import { feedHeads } from '../feeds/queries.ts'
import type { Listening } from '../journal/listening.ts'
import type { UserId } from '../kernel/brand.ts'
import { type ListedPodcast, opmlPieces } from '../podcast/opml.ts'
import { subscriptionsOf } from '../subscriptions/queries.ts'

export interface ExportParts extends Pick<Listening, 'catalog' | 'reading'> {
  readonly cache: pg.Pool
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

/**
 * What a listener follows as an OPML file: collections as folders, and before them, in no folder, the default
 * collection and what is in none.
 *
 * @param withFolders false for a plain list
 */
export async function exportOpml(
  { catalog, reading, cache, clock }: ExportParts,
  listener: { readonly user: UserId; readonly username: string },
  withFolders: boolean,
): Promise<string> {
  const { user, username } = listener
  const db = await reading(user)
  const followed = (await subscriptionsOf(db, user)).map((row) => row.podcast_id)
  const collections = withFolders ? await collectionsOf(db, user) : []
  const [entries, heads] = [await catalog.podcastEntries(followed), await feedHeads(cache, followed)]
  const listed = new Map<string, ListedPodcast>()
  for (const podcast of followed) {
    const url = entries.get(podcast)?.feedUrl
    const { title = null, link: page = null } = heads.get(podcast) ?? {}
    if (url !== undefined) listed.set(podcast, { url, title, page })
  }
  const inOrder = (podcasts: readonly string[]) => podcasts.flatMap((podcast) => listed.get(podcast) ?? [])
  const placed = new Set(collections.flatMap((row) => row.feeds))
  const home = collections.find((row) => row.is_default)?.feeds ?? []
  const loose = inOrder([...home, ...followed.filter((podcast) => !placed.has(podcast))])
  const folders = collections
    .filter((row) => !row.is_default)
    .map((row) => ({ title: row.title, podcasts: inOrder(row.feeds) }))

  const pieces: string[] = []
  for (const piece of opmlPieces({ title: `Podcasts of ${username}`, created: clock() }, loose, folders)) {
    pieces.push(piece)
    await setImmediate()
  }
  return pieces.join('')
}

/** With what an export is sent, so that a browser keeps it as a file. */
export const exportHeaders = { 'Content-Disposition': 'attachment; filename="subscriptions.opml"' } as const
export const opmlType = 'text/x-opml'
