import { hash } from 'node:crypto'
import { rows, type Statement, type Store } from '../database/store.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'

/** Which picture of which podcast is meant. */
export interface CoverName {
  readonly podcast: PodcastId
  /** Null for the podcast's own. */
  readonly episode: EpisodeId | null
}

export interface KeptCover {
  /** Null where there was none to be had. */
  readonly etag: string | null
  /** Null also where the asker has it already. */
  readonly image: Buffer | null
  readonly fetchedAt: Date
}

const nil = '00000000-0000-0000-0000-000000000000'
/** Bytes of a row beside its picture. */
const overhead = 200

const find: Statement = {
  name: 'covers-find',
  text: `select etag, case when etag = any($5::text[]) then null else image end as image, fetched_at as "fetchedAt",
      used_at < now() - interval '1 hour' as stale
    from cache.covers where podcast_id = $1 and episode_id = $2 and size = $3 and source_hash = $4`,
}
const touch: Statement = {
  name: 'covers-touch',
  text: 'update cache.covers set used_at = now() where podcast_id = $1 and episode_id = $2 and size = $3',
}
const put: Statement = {
  name: 'covers-put',
  text: `insert into cache.covers (podcast_id, episode_id, size, source_hash, image, etag, bytes, fetched_at, used_at)
    values ($1, $2, $3, $4, $5::bytea, $6, coalesce(octet_length($5::bytea), 0) + ${overhead},
      to_timestamp($7::float8 / 1000), now())
    on conflict (podcast_id, episode_id, size) do update set source_hash = excluded.source_hash, image = excluded.image,
      etag = excluded.etag, bytes = excluded.bytes, fetched_at = excluded.fetched_at, used_at = excluded.used_at`,
}
const refetchAt: Statement = {
  name: 'covers-refetch-at',
  text: `update cache.covers set fetched_at = to_timestamp($4::float8 / 1000)
    where podcast_id = $1 and episode_id = $2 and source_hash = $3`,
}
const trim: Statement = {
  name: 'covers-trim',
  text: `with ranked as (
      select podcast_id, episode_id, size, sum(bytes) over (order by used_at desc, podcast_id, episode_id, size) as upto
      from cache.covers),
    gone as (
      delete from cache.covers c using ranked r
      where c.podcast_id = r.podcast_id and c.episode_id = r.episode_id and c.size = r.size and r.upto > $1
      returning 1)
    select count(*) as covers from gone`,
}

/** Bytes that all covers together may take. */
export const mostBytes = 512 * 1024 * 1024

/** Removes covers that were not looked at for longest, until the others fit; answers how many. */
export const trimCovers = async (cache: Store, most = mostBytes): Promise<number> =>
  (await rows<{ covers: number }>(cache.pool, trim, [most]))[0]?.covers ?? 0

const keyOf = ({ podcast, episode }: CoverName) => [podcast, episode ?? nil] as const
const hashOf = (url: string) => hash('sha256', url, 'base64url')

export function createCoverStore({ pool }: Store) {
  return {
    /** @param known ETags of what the asker has */
    async find(name: CoverName, size: number, url: string, known: readonly string[] = []): Promise<KeptCover | null> {
      const values = [...keyOf(name), size, hashOf(url), known]
      const [found] = await rows<KeptCover & { stale: boolean }>(pool, find, values)
      if (found?.stale) await rows(pool, touch, [...keyOf(name), size])
      return found ?? null
    },
    /** Keeps a picture, or that there is none; answers its ETag. */
    async put(
      name: CoverName,
      size: number,
      url: string,
      image: Buffer | null,
      fetchedAt: number,
    ): Promise<string | null> {
      const etag = image && `"${hash('sha1', image, 'base64url')}"`
      await rows(pool, put, [...keyOf(name), size, hashOf(url), image, etag, fetchedAt])
      return etag
    },
    /** Makes what there is count as fetched then, in every size. */
    countAsFetched: async (name: CoverName, url: string, at: number): Promise<void> =>
      void (await rows(pool, refetchAt, [...keyOf(name), hashOf(url), at])),
  }
}
