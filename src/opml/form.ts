import type { IncomingMessage } from 'node:http'

/** A form with a file in it, as browsers send it. */
export interface FileForm {
  field(name: string): string | undefined
  /** Null where none was chosen. */
  file(name: string): Promise<Uint8Array | null>
}

/**
 * Reads a form of `multipart/form-data` (RFC 7578) of up to `most` bytes; what is longer is read to its end and thrown
 * away, so that the browser gets to see the answer.
 */
export async function readFileForm(
  request: IncomingMessage,
  most: number,
): Promise<FileForm | 'too large' | 'no form'> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length
    if (length <= most) pieces.push(piece)
    else pieces.length = 0
  }
  if (length > most) return 'too large'
  const type = request.headers['content-type'] ?? ''
  try {
    const form = await new Response(Buffer.concat(pieces), { headers: { 'content-type': type } }).formData()
    return {
      field: (name) => {
        const value = form.get(name)
        return typeof value === 'string' ? value : undefined
      },
      file: async (name) => {
        const value = form.get(name)
        return value instanceof Blob && value.size > 0 ? new Uint8Array(await value.arrayBuffer()) : null
      },
    }
  } catch {
    return 'no form'
  }
}
