import { v5 as uuidv5 } from 'uuid'
import { collection, defaultTitle } from '../collections/index.ts'
import type { Listening } from '../journal/listening.ts'
import type { Unit } from '../journal/unit.ts'
import type { PodcastId } from '../kernel/brand.ts'
import { balados } from '../kernel/decider.ts'
import { answer, type Origin } from '../kernel/endpoint.ts'
import { isRefusal } from '../kernel/refusal.ts'
import type { Catalog } from '../podcast/catalog.ts'
import { defaultCollectionOf } from '../podcast/fixed-ids.ts'
import { everything } from '../podcast/seen.ts'
import { subscription } from '../subscriptions/index.ts'
import type { Entry, FailedEntry } from './file.ts'
import type { ClaimedImport, Imports, Step } from './imports.ts'

/** Works off what listeners brought. */
export interface Importer {
  /** Carries on with one import after another until none is left. */
  work(): Promise<void>
  /** Lets go of the import that goes on, after its present step. */
  stop(): void
}

export interface ImporterParts extends Pick<Listening, 'journal'> {
  readonly catalog: Catalog
  readonly imports: Imports
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly log: { error(context: object, message: string): void }
}

/** Entries of one write: many enough to be quick, few enough that nobody else of the user's waits for long. */
const atOnce = 250
/** Seconds until an import that failed unexpectedly is tried again. */
const pause = 20

export function createImporter({ journal, catalog, imports, clock, log }: ImporterParts): Importer {
  let stopping = false

  const originOf = ({ user, app, device, id }: ClaimedImport, step: string): Origin => ({
    user,
    author: { app, device },
    now: clock(),
    // A step that was written before its worker was killed says once more what came of it. No key of an app holds blanks.
    request: { key: `import ${id} ${step}`, hash: 'import' },
  })

  /** Takes in some entries in one write. */
  async function takeIn(claim: ClaimedImport, at: number, entries: readonly Entry[]): Promise<Step> {
    const good = entries.filter(({ failure }) => failure === null)
    const ids = await catalog.podcasts([...new Set(good.map(({ url }) => url))])
    const named = good.map((entry) => ({ entry, podcast: ids.get(entry.url) as PodcastId }))
    const said = await journal.commit(originOf(claim, String(at)), (unit) => outcomeOf(unit, claim.id, named))
    if (isRefusal(said)) throw new Error(said.message)
    const { subscribed, already, full } = said.body as Outcome
    const failed = entries.flatMap(({ line, url, title, failure }): FailedEntry[] => {
      const reason = failure ?? (full.includes(line) ? 'collection_full' : null)
      return reason === null ? [] : [{ line, url, title, reason }]
    })
    return { done: at + entries.length, subscribed, already, failed }
  }

  async function carryOn(claim: ClaimedImport): Promise<void> {
    const { entries, emptyFolders } = claim.work
    for (let at = claim.done; at < entries.length; at += atOnce) {
      if (stopping) return imports.release(claim, 0, true)
      const step = await takeIn(claim, at, entries.slice(at, at + atOnce))
      if (!(await imports.step(claim, step))) return
    }
    if (emptyFolders.length > 0) {
      const said = await journal.commit(originOf(claim, 'folders'), async (unit) => {
        const shelves = await shelvesOf(unit, claim.id, emptyFolders)
        for (const title of emptyFolders) shelves.put(title, [])
        return answer(200, null)
      })
      if (isRefusal(said)) throw new Error(said.message)
    }
    await imports.end(claim)
  }

  return {
    async work() {
      while (!stopping) {
        const claim = await imports.claim()
        if (claim === null) return
        try {
          await carryOn(claim)
        } catch (error) {
          // The import's id, never what is in it; nor what a database's error says of the row.
          const { message, stack } = error as Error
          log.error({ error: { message, stack }, import: claim.id }, 'an import could not be carried on')
          await imports.release(claim, pause, false)
        }
      }
    },
    stop() {
      stopping = true
    },
  }
}

interface Named {
  readonly entry: Entry
  readonly podcast: PodcastId
}

interface Outcome {
  readonly subscribed: number
  readonly already: number
  /** The lines of those that found no room in their collection. */
  readonly full: readonly number[]
}

/** Subscribes to what is not followed yet and puts each into its collection. */
async function outcomeOf(unit: Unit, importId: string, named: readonly Named[]) {
  await unit.load(
    subscription,
    named.map(({ podcast }) => podcast),
  )
  const fresh = new Set<Entry>()
  for (const { entry, podcast } of named) if (follow(unit, podcast)) fresh.add(entry)
  const folders = Map.groupBy(named, ({ entry }) => entry.folder)
  const shelves = await shelvesOf(
    unit,
    importId,
    [...folders.keys()].filter((folder) => folder !== null),
  )
  const full: Entry[] = []
  for (const [folder, some] of folders) {
    // Outside of all folders is the default collection, for what is new or stands in a folder too.
    const wanted = folder === null ? some.filter(({ entry }) => fresh.has(entry) || entry.again) : some
    const podcasts = wanted.map(({ podcast }) => podcast)
    const fits = folder === null ? shelves.putHome(podcasts) : shelves.put(folder, podcasts)
    if (!fits) full.push(...wanted.map(({ entry }) => entry))
  }
  const fitting = named.filter(({ entry }) => !full.includes(entry))
  const subscribed = fitting.filter(({ entry }) => fresh.has(entry)).length
  const outcome: Outcome = { subscribed, already: fitting.length - subscribed, full: full.map(({ line }) => line) }
  return answer(200, outcome)
}

/** Whether that was new. */
function follow(unit: Unit, podcast: PodcastId): boolean {
  const { active: known } = unit.state(subscription, podcast)
  if (known?.value) return false
  const { now: at } = unit.origin
  const edit = { active: true, sourceId: null, at, sentAt: at, seen: everything, known }
  const decided = unit.decide(subscription, podcast, edit)
  if (isRefusal(decided)) throw new Error(decided.message)
  return true
}

/** The listener's collections by title, as they are at this very moment. @param titles what will be put into them */
async function shelvesOf(unit: Unit, importId: string, titles: Iterable<string>) {
  const { user, now: at } = unit.origin
  const home = defaultCollectionOf(user)
  const newIdOf = (title: string) => uuidv5(title, importId)
  const ids = [...new Set([home, ...(await unit.streamsOf(collection.kind))])]
  await unit.load(collection, [...ids, ...[...titles].map(newIdOf)])
  const shelves = new Map<string, string>()
  for (const id of ids) {
    const { alive, fields } = unit.state(collection, id)
    if (alive?.value === false || (alive === null && id !== home)) continue
    const title = shelfName(String(fields.title?.value ?? defaultTitle))
    if (!shelves.has(title)) shelves.set(title, id)
  }

  const edit = (id: string, podcasts: readonly PodcastId[]) => {
    const known = unit.state(collection, id)
    const add = [...new Set(podcasts)].filter((podcast) => !known.items[podcast])
    return { isDefault: id === home, items: { add, remove: [] }, at, sentAt: at, seen: everything, known }
  }

  return {
    /** Adds to the collection of this title, which is made where there is none; false where it has no room. */
    put(title: string, podcasts: readonly PodcastId[]): boolean {
      const there = shelves.get(shelfName(title))
      const id = there ?? newIdOf(title)
      const { items, ...rest } = edit(id, podcasts)
      if (there !== undefined && items.add.length === 0) return true
      const fields = there === undefined ? { title, description: null, color: null, isPublic: false } : {}
      const decided = unit.decide(collection, id, { ...rest, items, fields, deleted: false })
      shelves.set(shelfName(title), id)
      return !isRefusal(decided)
    },
    /** The same as a new subscription does by itself, in the file's order. */
    putHome(podcasts: readonly PodcastId[]): boolean {
      const { items, ...rest } = edit(home, podcasts)
      if (items.add.length === 0) return true
      const order = { ...rest, items, fields: {}, tidies: true } as const
      return !isRefusal(unit.decide(collection, home, order, { author: balados }))
    },
  }
}

const shelfName = (title: string): string => title.normalize('NFC').trim()
