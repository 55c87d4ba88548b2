/**
 * The cursor devices keep (contract: `sync_token`): which life of the journal, and how far in the user's own numbers.
 * Opaque to apps.
 */
export interface SyncToken {
  readonly epoch: string
  readonly number: number
}

const form = /^s1\.([0-9a-f-]{36})\.(\d{1,15})$/

export const formatToken = (token: SyncToken): string =>
  Buffer.from(`s1.${token.epoch}.${token.number}`, 'utf8').toString('base64url')

/** What `last_sync` means: a token, a time in milliseconds (older apps), or null when it is neither. */
export function parseLastSync(text: string): SyncToken | { readonly time: number } | null {
  const [, epoch, number] = form.exec(Buffer.from(text, 'base64url').toString('utf8')) ?? []
  if (epoch !== undefined && number !== undefined) return { epoch, number: Number(number) }
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? null : { time }
}
