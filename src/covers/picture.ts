import { availableParallelism } from 'node:os'
import pLimit from 'p-limit'
import sharp from 'sharp'
import type { CoverSize } from '../podcast/covers.ts'

/** What the others are made from. */
export const largest: CoverSize = 1200

/** Pixels of a picture: an unpacked one takes four bytes for each. */
const mostPixels = 40_000_000
/** One for every two cores, so that requests have one too; and of Node's four threads for such work two stay free. */
const atOnce = Math.max(1, Math.min(2, Math.floor(availableParallelism() / 2)))
/** Seconds. */
const patience = 10

// The bytes decide what they are, never a header. SVG, PDF and the rest are no pictures here: they can hold scripts and
// ask for files.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'].map((kind) => `VipsForeignLoad${kind}Buffer`),
})
sharp.concurrency(1)
sharp.cache(false)

const inTurn = pLimit(atOnce)

/** How many pictures wait for their turn. */
export const waiting = (): number => inTurn.pendingCount

/**
 * A picture as WebP, no larger than `size` pixels on either side and than it was, upright and without what cameras
 * note; of a moving one the first frame. Null for what is no picture that can be read, or too large a one. Runs outside
 * of the main thread.
 */
export const shrink = (bytes: Uint8Array, size: CoverSize): Promise<Buffer | null> =>
  inTurn(async () => {
    try {
      return await sharp(bytes, { limitInputPixels: mostPixels, sequentialRead: true, failOn: 'error' })
        .autoOrient()
        .resize(size, size, { fit: 'inside', withoutEnlargement: true })
        .webp({ quality: 80 })
        .timeout({ seconds: patience })
        .toBuffer()
    } catch {
      return null
    }
  })
