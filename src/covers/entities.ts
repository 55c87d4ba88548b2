import { defineEntity, p } from '@mikro-orm/postgresql'

/** The picture of a podcast or an episode in one size, or that there is none to be had. */
export const Cover = defineEntity({
  name: 'Cover',
  tableName: 'covers',
  schema: 'cache',
  properties: {
    podcastId: p.uuid().primary(),
    /** The nil UUID for that of the podcast itself. */
    episodeId: p.uuid().primary(),
    /** Pixels of its longer side at the most. */
    size: p.integer().primary(),
    /** SHA-256 of the URL it came from: a feed that names another picture is asked anew. */
    sourceHash: p.text(),
    /** WebP; null where the URL leads to no picture. */
    image: p.blob().nullable(),
    etag: p.text().nullable(),
    /** What it takes, roughly, its row included. */
    bytes: p.integer(),
    /** When the picture it was made from was fetched. */
    fetchedAt: p.datetime(3),
    /** To within an hour. */
    usedAt: p.datetime(3).index('covers_used_at'),
  },
})
