import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/**
 * Texts that only this instance can read and make: AES-256-GCM under a key derived from SECRET_KEY_BASE (HKDF, RFC
 * 5869). A text opens for the purpose it was sealed for and for no other, so that nothing sealed for one user or one
 * form passes as another's.
 */
export interface Seals {
  /** @returns base64url */
  seal(text: string, purpose: string): string
  /** Null for whatever was not sealed here, for this purpose. */
  open(sealed: string, purpose: string): string | null
}

const cipher = 'aes-256-gcm'
const nonceLength = 12
const tagLength = 16

export function createSeals(secret: string): Seals {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'balados seals v1', 32))
  return {
    seal: (text, purpose) => {
      const nonce = randomBytes(nonceLength)
      const sealing = createCipheriv(cipher, key, nonce).setAAD(Buffer.from(purpose))
      const body = Buffer.concat([sealing.update(text, 'utf8'), sealing.final()])
      return Buffer.concat([nonce, sealing.getAuthTag(), body]).toString('base64url')
    },
    open: (sealed, purpose) => {
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length < nonceLength + tagLength) return null
      const nonce = bytes.subarray(0, nonceLength)
      const tag = bytes.subarray(nonceLength, nonceLength + tagLength)
      const opening = createDecipheriv(cipher, key, nonce, { authTagLength: tagLength })
      opening.setAAD(Buffer.from(purpose)).setAuthTag(tag)
      try {
        return opening.update(bytes.subarray(nonceLength + tagLength), undefined, 'utf8') + opening.final('utf8')
      } catch {
        return null
      }
    },
  }
}
