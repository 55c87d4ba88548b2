import { promisify } from 'node:util'
import zlib, { brotliDecompress, gunzip, inflate, inflateRaw, type ZlibOptions, zstdDecompress } from 'node:zlib'
import { type Failure, failure } from './failures.ts'

/** What we say we can unpack. */
export const acceptedEncodings = 'gzip, br, zstd, deflate'

const startsWith = (body: Buffer, ...bytes: number[]): boolean => bytes.every((byte, i) => body[i] === byte)

type Unpack = (body: Buffer, options: ZlibOptions) => Promise<Buffer>

const unpackers: Readonly<Record<string, Unpack>> = {
  // Some servers say gzip and send plain text: the two bytes every gzip begins with tell.
  gzip: async (body, options) => (startsWith(body, 0x1f, 0x8b) ? promisify(gunzip)(body, options) : body),
  br: promisify(brotliDecompress) as Unpack,
  zstd: promisify(zstdDecompress) as Unpack,
  // By RFC 9110 it is zlib's format; half of the world sends it without zlib's header.
  deflate: (body, options) =>
    ((body[0] ?? 0) & 0x0f) === 8 && (((body[0] ?? 0) << 8) | (body[1] ?? 0)) % 31 === 0
      ? promisify(inflate)(body, options)
      : promisify(inflateRaw)(body, options),
}

/**
 * Undoes `Content-Encoding`. What would be longer than `most` bytes is given up on while it is being unpacked, so
 * that a bomb costs no more than that.
 */
export async function unpack(body: Buffer, encoding: string, most: number): Promise<Buffer | Failure> {
  const steps = encoding
    .toLowerCase()
    .split(',')
    .map((step) => step.trim().replace(/^x-/, ''))
    .filter((step) => step !== '' && step !== 'identity')
  if (steps.length > 3) return failure('broken', 'it is packed more than three times')
  let unpacked = body
  for (const step of steps.reverse()) {
    const by = unpackers[step]
    if (!by) return failure('broken', 'it is packed in a way that was not asked for')
    if (unpacked.length === 0) return unpacked
    try {
      unpacked = await by(unpacked, { maxOutputLength: most })
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      return code === 'ERR_BUFFER_TOO_LARGE'
        ? failure('too large', `unpacked it is larger than ${megabytes(most)}`)
        : failure('broken', `it can not be unpacked (${code ?? zlib.constants.Z_DATA_ERROR})`)
    }
  }
  return unpacked
}

export const megabytes = (bytes: number): string => `${Math.round(bytes / 100_000) / 10} MB`
