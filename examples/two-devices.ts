/*
 * Two devices of one person stay in step: npm run -s example -- FOLDER
 *
 * FOLDER holds feed files. Needs a started server, http://localhost:4000 unless BALADOS_URL says otherwise. Makes an
 * account of its own there, or uses that of BALADOS_USER and BALADOS_PASSWORD.
 *
 * The client library does the work: clients/typescript. What is here is this example's own: client/gadget.ts gives a
 * device a disk (client/disk.ts) and a network that can be spoiled, client/feeds.ts reads podcasts and episodes,
 * client/person.ts is the person in front of the browser.
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type App,
  authorizationUrl,
  BaladosError,
  createKeyPair,
  differences,
  readRedirect,
} from '../clients/typescript/src/index.ts'
import { type Podcast, readPodcasts } from './client/feeds.ts'
import { type Gadget, switchOn } from './client/gadget.ts'
import { allowInBrowser, findPerson } from './client/person.ts'
import { createShow, type Show } from './client/show.ts'

const day = 24 * 60 * 60 * 1000

/** Connects the app to the person's account, and answers what switches its devices on. */
async function connect(server: string, disks: string) {
  await fetch(`${server}/health`).catch(() => {
    throw new Error(`There is no server at ${server}: start one with "npm start", or set BALADOS_URL.`)
  })
  const person = await findPerson()
  // Made once per installation and kept; one app, one key, on all of its devices.
  const id = 'example.balados.two-devices'
  const app: App = { id, name: 'Two devices', url: 'https://app.example', keys: await createKeyPair() }
  const state = randomUUID()
  // A scheme that the system opens this very app for; a desktop app may listen on `http://127.0.0.1:<port>` instead.
  const redirectUri = `${id}:/allowed`
  const url = await authorizationUrl({ server, app, scopes: ['user.sync'], redirectUri, state })
  console.log(`The app asks ${person.username}. A real app would open this in a browser:\n\n  ${url}\n`)
  const grant = readRedirect(await allowInBrowser(url, person), state)
  console.log(`${grant.username} has allowed it. The app knows the account as ${grant.userId}.\n`)
  return (name: string, clock: () => number = Date.now): Promise<Gadget> => switchOn({ name, app, grant, disks, clock })
}

/** The first episodes of each podcast, taking turns. */
function someEpisodes(podcasts: readonly Podcast[]): (n: number) => string {
  const turns = [0, 1, 2].flatMap((n) =>
    podcasts.flatMap(({ feed, episodes }) => (episodes[n] ? [`${feed}/${episodes[n].item}`] : [])),
  )
  return (n) => turns[n % turns.length] as string
}

/** Syncs where it can, and says what had to be settled. */
async function sync(device: Gadget, show: Show): Promise<void> {
  try {
    const { conflicts, rejected } = await device.sync()
    for (const conflict of conflicts) console.log(`   ${device.name} ${show.conflict(conflict)}`)
    for (const { list, reason } of rejected) throw new Error(`The server rejected an entry of ${list}: ${reason}`)
  } catch (error) {
    if (!(error instanceof BaladosError)) throw error
    if (error.code === 'RATE_LIMIT_EXCEEDED') {
      const seconds = error.retryAfter ?? 60
      console.log(`   ${device.name}: the server asks for ${seconds} s of patience`)
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
      return sync(device, show)
    }
    if (error.code !== 'NETWORK_ERROR') throw error
    const why = error.cause instanceof Error ? error.cause.message : error.message
    console.log(`   ${device.name}: ${why}; it will try again`)
  }
}

async function main(folder: string | undefined, disks: string): Promise<void> {
  if (folder === undefined) throw new Error('Say which folder holds feed files: npm run -s example -- FOLDER')
  const { podcasts, unreadable } = await readPodcasts(folder)
  for (const name of unreadable) console.log(`${name} is no feed and is left out.`)
  if (!podcasts.some((p) => p.episodes.length > 0)) throw new Error(`No feed in ${folder} has an episode to listen to.`)
  const episode = someEpisodes(podcasts)
  const feed = (n: number) => podcasts[n % podcasts.length]?.feed as string
  const show = createShow(podcasts)
  const server = process.env.BALADOS_URL ?? `http://localhost:${process.env.PORT ?? 4000}`
  const device = await connect(server.replace(/\/+$/, ''), disks)

  let wrongBy = 0
  const tablet = await device('tablet', () => Date.now() + wrongBy)
  let phone = await device('phone')
  let steps = 0
  const step = async (title: string, work: () => Promise<void>) => {
    console.log(`${++steps}. ${title}`)
    await work()
    console.log(`${show.devices([phone, tablet])}\n`)
  }
  /** Both have a network again, and sync in this order. */
  const meet = async (...order: readonly Gadget[]) => {
    phone.network.weather = tablet.network.weather = 'online'
    for (const one of order) await sync(one, show)
  }

  await step('The phone follows every podcast, listens, and syncs for the first time.', async () => {
    for (const podcast of podcasts) await phone.subscribe(podcast.feed)
    await phone.listen(episode(0), 600)
    await phone.listen(episode(1), 1200)
    await phone.listen(episode(2), 1800, { played: true })
    await phone.arrangeQueue([episode(3), episode(4), episode(5)])
    await phone.save(episode(1))
    await sync(phone, show)
  })

  await step('The tablet is new: its first sync brings everything.', () => sync(tablet, show))

  await step(
    'The tablet finishes one episode, rewinds another, un-plays the third. It saw what it changes.',
    async () => {
      await tablet.listen(episode(0), 1750, { played: true })
      await tablet.listen(episode(1), 60)
      await tablet.listen(episode(2), 0, { played: false })
      await meet(tablet, phone)
    },
  )

  await step('Both are offline, and both are used.', async () => {
    phone.network.weather = tablet.network.weather = 'offline'
    await phone.listen(episode(3), 300)
    await phone.listen(episode(4), 900)
    await phone.unsubscribe(feed(0))
    await phone.arrangeQueue([episode(4), episode(5), episode(3), episode(0)])
    await phone.save(episode(4))
    await tablet.listen(episode(3), 1500)
    await tablet.listen(episode(4), 2000, { played: true })
    await tablet.unsubscribe(feed(1))
    await tablet.arrangeQueue([episode(1), episode(3), episode(5)])
    await tablet.save(episode(1), false)
    await sync(phone, show)
    await sync(tablet, show)
  })

  await step('They are back: the further position and the finished mark stand, both changes of the queue count.', () =>
    meet(phone, tablet, phone),
  )

  await step('The phone’s answer is lost. It is used on, while the tablet finishes the same episode.', async () => {
    await phone.listen(episode(5), 700)
    phone.network.weather = 'losing answers'
    await sync(phone, show)
    await phone.listen(episode(5), 800)
    await tablet.listen(episode(5), 2500, { played: true })
    await sync(tablet, show)
  })

  await step('It sends that request again as it was, then what came after: the episode stays finished.', () =>
    meet(phone, tablet),
  )

  await step(
    'The phone’s app is killed before it could keep an answer, and starts from what was on its disk.',
    async () => {
      await phone.listen(episode(1), 1300)
      await phone.subscribe(feed(0))
      phone.network.weather = 'losing answers'
      await sync(phone, show)
      phone = await device('phone')
      await meet(phone, tablet)
    },
  )

  await step('The tablet’s clock is a day fast. What the phone does afterwards still counts.', async () => {
    wrongBy = day
    await tablet.listen(episode(1), 1400)
    await tablet.unsubscribe(feed(0))
    await meet(tablet, phone)
    await phone.listen(episode(1), 200)
    await phone.subscribe(feed(0))
    await meet(phone, tablet)
  })

  await step('The tablet’s clock is a day slow. What it does now still counts, offline too.', async () => {
    wrongBy = -day
    await tablet.unsubscribe(feed(1))
    await tablet.subscribe(feed(1))
    await tablet.save(episode(0))
    await tablet.listen(episode(1), 100)
    phone.network.weather = tablet.network.weather = 'offline'
    await tablet.listen(episode(2), 1600)
    await phone.listen(episode(2), 500)
    await meet(tablet, phone)
  })

  await step(
    'The phone starts an episode over, while the tablet, offline, finishes it: starting over was on purpose.',
    async () => {
      tablet.network.weather = 'offline'
      await phone.listen(episode(3), 0, { startOver: true })
      await tablet.listen(episode(3), 2400, { played: true })
      await meet(phone, tablet)
    },
  )

  const watch = await device('watch')
  await sync(watch, show)
  const wrong = [...differences(phone.shelf, tablet.shelf), ...differences(tablet.shelf, watch.shelf)]
  if (wrong.length === 0) {
    console.log('Phone and tablet are equal, and so is a new device that synced in full.')
    return
  }
  console.error(['The devices differ:', ...wrong.map((line) => show.titled(line))].join('\n'))
  process.exitCode = 1
}

const disks = await mkdtemp(join(tmpdir(), 'balados-example-'))
try {
  await main(process.argv[2], disks)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await rm(disks, { recursive: true, force: true })
}
