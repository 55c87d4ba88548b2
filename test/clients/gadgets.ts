import { importPKCS8 } from 'jose'
import {
  type ClientParts,
  createClient,
  createDevice,
  type Device,
  type DeviceParts,
  type Grant,
  type KeyPair,
  memoryStorage,
} from '../../clients/typescript/src/index.ts'
import { createNetwork, type Network } from '../../examples/client/network.ts'
import { type App, feedId, itemId } from '../support/instance.ts'

export const feed = (n: number) => feedId(`https://feeds.example/${n}.rss`)
export const episode = (n: number) => `${feed(n % 3)}/${itemId(`guid-${n}`, `https://media.example/${n}.mp3`)}`

/** The client's view of an app that a test server allowed. */
export async function clientParts(
  url: string,
  { id, user, privateKey }: App,
): Promise<Pick<ClientParts, 'app' | 'grant'>> {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const keys: KeyPair = { algorithm: 'RS256', publicKey: '', privateKey: await importPKCS8(pem, 'RS256') }
  const grant: Grant = { userId: user, username: 'somebody', instance: url }
  return { app: { id, keys }, grant }
}

export type Gadget = Device & { readonly network: Network; readonly disk: Map<string, string> }

/** A device with a disk and a network that a test can spoil; it tries once. */
export async function gadget(
  parts: Pick<ClientParts, 'app' | 'grant'>,
  options: Partial<DeviceParts> & { readonly disk?: Map<string, string>; readonly network?: Network } = {},
): Promise<Gadget> {
  const { disk = new Map<string, string>(), network = createNetwork(), ...others } = options
  const storage = memoryStorage(disk)
  const device = await createDevice({ ...parts, storage, fetch: network.fetch, retries: 0, ...others })
  return Object.assign(device, { network, disk })
}

export const client = async (url: string, app: App, more: Partial<ClientParts> = {}) =>
  createClient({ ...(await clientParts(url, app)), ...more })
