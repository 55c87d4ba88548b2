import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, importJWK, type JWK } from 'jose'

export type Algorithm = 'ES256' | 'RS256' | 'PS256' | 'EdDSA'

/** An app's key pair: made once per installation, and kept. */
export interface KeyPair {
  readonly algorithm: Algorithm
  readonly privateKey: CryptoKey
  /** PEM (SPKI), as the authorization tells the server. */
  readonly publicKey: string
}

/**
 * Makes a key pair. One that is not `extractable` can't be exported; a browser may keep the `CryptoKey` itself in
 * IndexedDB, where no script can read it.
 */
export async function createKeyPair(algorithm: Algorithm = 'ES256', extractable = true): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable })
  return { algorithm, privateKey, publicKey: await exportSPKI(publicKey) }
}

/** The pair as a text, to be kept as secret as a password. */
export async function exportKeyPair({ algorithm, privateKey, publicKey }: KeyPair): Promise<string> {
  return JSON.stringify({ algorithm, publicKey, privateKey: await exportJWK(privateKey) })
}

/** Reads what `exportKeyPair` wrote; throws for anything else. */
export async function importKeyPair(text: string): Promise<KeyPair> {
  const { algorithm, publicKey, privateKey } = JSON.parse(text) as {
    algorithm: Algorithm
    publicKey: string
    privateKey: JWK
  }
  const key = await importJWK(privateKey, algorithm, { extractable: true })
  if (key instanceof Uint8Array) throw new TypeError('This is a shared secret, not a private key.')
  return { algorithm, publicKey, privateKey: key }
}
