/*
 * Two devices of one person stay in step: npm run -s example -- FOLDER
 *
 * FOLDER holds feed files. Needs a started server, http://localhost:4000 unless BALADOS_URL says otherwise. Makes an
 * account of its own there, or uses that of BALADOS_USER and BALADOS_PASSWORD.
 *
 * What an app takes from here: client/app.ts (key, authorization, tokens), client/device.ts and client/shelf.ts (what
 * a device keeps, sends and takes in), client/feeds.ts (names of podcasts and episodes).
 */
import { randomUUID } from 'node:crypto'
import { createApp, readRedirect } from './client/app.ts'
import { createDevice, type Device, type Memory } from './client/device.ts'
import { type Podcast, readPodcasts } from './client/feeds.ts'
import { createNetwork, Disconnected } from './client/network.ts'
import { allowInBrowser, findPerson } from './client/person.ts'
import { differences } from './client/shelf.ts'
import { createShow, type Show } from './client/show.ts'

const day = 24 * 60 * 60 * 1000

/** Connects the app to the person's account, and answers what makes its devices. */
async function connect(server: string) {
  await fetch(`${server}/health`).catch(() => {
    throw new Error(`There is no server at ${server}: start one with "npm start", or set BALADOS_URL.`)
  })
  const person = await findPerson()
  const app = await createApp(server)
  const state = randomUUID()
  const url = await app.authorizationUrl(state)
  console.log(`The app asks ${person.username}. A real app would open this in a browser:\n\n  ${url}\n`)
  const grant = readRedirect(await allowInBrowser(url, person), state)
  console.log(`${grant.username} has allowed it. The app knows the account as ${grant.userId}.\n`)
  return (name: string, clock: () => number = Date.now, memory?: Memory): Device =>
    createDevice({ name, app, grant, network: createNetwork(), clock, ...(memory ? { memory } : {}) })
}

/** The first episodes of each podcast, taking turns. */
function someEpisodes(podcasts: readonly Podcast[]): (n: number) => string {
  const turns = [0, 1, 2].flatMap((n) =>
    podcasts.flatMap(({ feed, episodes }) => (episodes[n] ? [`${feed}/${episodes[n].item}`] : [])),
  )
  return (n) => turns[n % turns.length] as string
}

/** Syncs where it can, and says what had to be settled. */
async function sync(device: Device, show: Show): Promise<void> {
  try {
    for (const conflict of await device.sync()) console.log(`   ${device.name} ${show.conflict(conflict)}`)
  } catch (error) {
    if (!(error instanceof Disconnected)) throw error
    console.log(`   ${device.name}: ${error.message}; it will try again`)
  }
}

async function main(folder: string | undefined): Promise<void> {
  if (folder === undefined) throw new Error('Say which folder holds feed files: npm run -s example -- FOLDER')
  const { podcasts, unreadable } = await readPodcasts(folder)
  for (const name of unreadable) console.log(`${name} is no feed and is left out.`)
  if (!podcasts.some((p) => p.episodes.length > 0)) throw new Error(`No feed in ${folder} has an episode to listen to.`)
  const episode = someEpisodes(podcasts)
  const feed = (n: number) => podcasts[n % podcasts.length]?.feed as string
  const show = createShow(podcasts)
  const server = process.env.BALADOS_URL ?? `http://localhost:${process.env.PORT ?? 4000}`
  const device = await connect(server.replace(/\/+$/, ''))

  let wrongBy = 0
  const tablet = device('tablet', () => Date.now() + wrongBy)
  let phone = device('phone')
  let steps = 0
  const step = async (title: string, work: () => Promise<void>) => {
    console.log(`${++steps}. ${title}`)
    await work()
    console.log(`${show.devices([phone, tablet])}\n`)
  }
  /** Both have a network again, and sync in this order. */
  const meet = async (...order: readonly Device[]) => {
    phone.network.weather = tablet.network.weather = 'online'
    for (const one of order) await sync(one, show)
  }

  await step('The phone follows every podcast, listens, and syncs for the first time.', async () => {
    for (const podcast of podcasts) phone.subscribe(podcast.feed)
    phone.listen(episode(0), 600)
    phone.listen(episode(1), 1200)
    phone.listen(episode(2), 1800, { played: true })
    phone.arrangeQueue([episode(3), episode(4), episode(5)])
    phone.save(episode(1))
    await sync(phone, show)
  })

  await step('The tablet is new: its first sync brings everything.', () => sync(tablet, show))

  await step(
    'The tablet finishes one episode, rewinds another, un-plays the third. It saw what it changes.',
    async () => {
      tablet.listen(episode(0), 1750, { played: true })
      tablet.listen(episode(1), 60)
      tablet.listen(episode(2), 0, { played: false })
      await meet(tablet, phone)
    },
  )

  await step('Both are offline, and both are used.', async () => {
    phone.network.weather = tablet.network.weather = 'offline'
    phone.listen(episode(3), 300)
    phone.listen(episode(4), 900)
    phone.unsubscribe(feed(0))
    phone.arrangeQueue([episode(4), episode(5), episode(3), episode(0)])
    phone.save(episode(4))
    tablet.listen(episode(3), 1500)
    tablet.listen(episode(4), 2000, { played: true })
    tablet.unsubscribe(feed(1))
    tablet.arrangeQueue([episode(1), episode(3), episode(5)])
    tablet.save(episode(1), false)
    await sync(phone, show)
    await sync(tablet, show)
  })

  await step('They are back: the further position and the finished mark stand, both changes of the queue count.', () =>
    meet(phone, tablet, phone),
  )

  await step('The phone’s answer is lost. It is used on, while the tablet finishes the same episode.', async () => {
    phone.listen(episode(5), 700)
    phone.network.weather = 'losing answers'
    await sync(phone, show)
    phone.listen(episode(5), 800)
    tablet.listen(episode(5), 2500, { played: true })
    await sync(tablet, show)
  })

  await step('It sends that request again as it was, then what came after: the episode stays finished.', () =>
    meet(phone, tablet),
  )

  await step(
    'The phone’s app is killed before it could keep an answer, and starts from what was on its disk.',
    async () => {
      phone.listen(episode(1), 1300)
      phone.subscribe(feed(0))
      const disk = phone.stored()
      phone.network.weather = 'losing answers'
      await sync(phone, show)
      phone = device('phone', Date.now, disk)
      await meet(phone, tablet)
    },
  )

  await step('The tablet’s clock is a day fast. What the phone does afterwards still counts.', async () => {
    wrongBy = day
    tablet.listen(episode(1), 1400)
    tablet.unsubscribe(feed(0))
    await meet(tablet, phone)
    phone.listen(episode(1), 200)
    phone.subscribe(feed(0))
    await meet(phone, tablet)
  })

  await step('The tablet’s clock is a day slow. What it does now still counts, offline too.', async () => {
    wrongBy = -day
    tablet.unsubscribe(feed(1))
    tablet.subscribe(feed(1))
    tablet.save(episode(0))
    tablet.listen(episode(1), 100)
    await meet(tablet, phone)
    phone.network.weather = tablet.network.weather = 'offline'
    tablet.listen(episode(2), 1600)
    phone.listen(episode(2), 500)
    await meet(phone, tablet, phone)
  })

  await step(
    'The phone starts an episode over, while the tablet, offline, finishes it: starting over was on purpose.',
    async () => {
      tablet.network.weather = 'offline'
      phone.listen(episode(3), 0, { startOver: true })
      tablet.listen(episode(3), 2400, { played: true })
      await meet(phone, tablet, phone)
    },
  )

  const watch = device('watch')
  await sync(watch, show)
  const wrong = [...differences(phone.shelf, tablet.shelf), ...differences(tablet.shelf, watch.shelf)]
  if (wrong.length === 0) {
    console.log('Phone and tablet are equal, and so is a new device that synced in full.')
    return
  }
  console.error(['The devices differ:', ...wrong.map((line) => show.titled(line))].join('\n'))
  process.exitCode = 1
}

try {
  await main(process.argv[2])
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
