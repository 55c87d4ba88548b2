import { join } from 'node:path'
import { type App, createDevice, type Device, type Grant } from '../../clients/typescript/src/index.ts'
import { openDisk } from './disk.ts'
import { createNetwork, type Network } from './network.ts'

/** A device with a network that the example can spoil. */
export interface Gadget extends Device {
  readonly name: string
  readonly network: Network
}

interface GadgetParts {
  readonly name: string
  readonly app: App
  readonly grant: Grant
  /** Where the disks of all gadgets are. */
  readonly disks: string
  readonly clock?: () => number
}

/** Switches a gadget on: it goes on from what is on its disk. */
export async function switchOn({ name, app, grant, disks, clock = Date.now }: GadgetParts): Promise<Gadget> {
  const network = createNetwork()
  const storage = await openDisk(join(disks, name))
  // An app would leave `retries` as it is; here each attempt is to be seen.
  const device = await createDevice({ app, grant, storage, name, clock, fetch: network.fetch, retries: 0 })
  return Object.assign(device, { name, network })
}
