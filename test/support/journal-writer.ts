import { openStores } from '../../src/database/store.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { storeDefinitions } from '../../src/main/stores.ts'
import { openDoors } from './journal-doors.ts'
import { addToList, follow, numbered } from './journal-orders.ts'

/** A process of its own that writes: `node journal-writer.ts <urls as JSON> <users as JSON> <its name> <times>`. */
const [urls, users, name, times] = process.argv.slice(2) as [string, string, string, string]

const stores = await openStores(JSON.parse(urls), storeDefinitions, { poolSize: 10 })
const doors = openDoors(stores)
const crowd = JSON.parse(users) as UserId[]

async function write(writer: number): Promise<void> {
  for (let i = 0; i < Number(times); i++) {
    const user = crowd[(writer + i) % crowd.length] as UserId
    const item = `${name}-${writer}-${i}`
    for (const said of [
      await doors.call('post', '/play', { user, body: { ...numbered(i % 3), position: i, played: false } }),
      await addToList(doors, user, item),
      await follow(doors, user, item, i % 4 === 0 ? [0, 1, 2, 3, 4] : []),
    ]) {
      if (said.status !== 200) throw new Error(`answered ${said.status}: ${JSON.stringify(said.body)}`)
    }
  }
}

await Promise.all([0, 1, 2, 3].map(write))
await stores.close()
