import { v5 as uuidv5 } from 'uuid'
import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { Journal } from '../journal/journal.ts'
import type { PodcastId, UserId } from '../kernel/brand.ts'
import { balados } from '../kernel/decider.ts'
import { answer } from '../kernel/endpoint.ts'
import { isRefusal } from '../kernel/refusal.ts'
import { catalogMemory } from '../podcast/catalog.ts'
import type { Identity, IdentityChange } from '../podcast/identity.ts'
import { feed } from './decider.ts'
import { listenersOf } from './queries.ts'

/** Lets listeners hear, each in their own journal, of podcasts that moved and of what turned out to be one. */
export interface Telling {
  /** Tells everybody of the changes that are due; answers how many changes were told. */
  tell(): Promise<number>
  /** Merges once more what one listener has under names that are gone. */
  mergeAgain(user: UserId, podcast: PodcastId): Promise<void>
}

export interface TellingParts {
  readonly identity: Identity
  readonly journal: Journal
  /** Read models of this user, complete up to the user's last write. */
  reading(user: UserId): Promise<Queryable>
  /** Where `listeners` are. */
  readonly projections: Queryable
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /**
   * Milliseconds between a change and telling of it: answers must not name what moved by the name that a process
   * still remembers.
   */
  readonly patience?: number
}

/** What of these podcasts and episodes a listener has anything of. */
const owned: Statement = {
  name: 'feeds-owned',
  text: `select episode_id as id from projections.plays where user_id = $1 and episode_id = any($2::uuid[])
    union select episode_id from projections.saves where user_id = $1 and episode_id = any($2::uuid[])
    union select episode_id from projections.shares where user_id = $1 and episode_id = any($2::uuid[])
    union select episode_id from projections.downloads where user_id = $1 and episode_id = any($2::uuid[])
    union select episode_id from projections.privacy where user_id = $1 and episode_id = any($2::uuid[])
    union select (item ->> 'episode')::uuid from projections.playlists, jsonb_array_elements(items) as item
      where user_id = $1 and item ->> 'episode' = any($2::text[])
    union select podcast_id from projections.subscriptions where user_id = $1 and podcast_id = $3
    union select podcast_id from projections.privacy where user_id = $1 and podcast_id = $3
    union select $3::uuid from projections.collections where user_id = $1 and feeds ? $3::text`,
}

/** Episodes named in one event: an event is data, not a dump. */
const mostPairs = 500

export function createTelling(parts: TellingParts): Telling {
  const { identity, journal, reading, projections, clock, patience = catalogMemory + 5_000 } = parts

  /** What of a merge is this listener's business. */
  async function ownOf(user: UserId, { mergedFrom, episodes }: Pick<IdentityChange, 'mergedFrom' | 'episodes'>) {
    const found = await rows<{ id: string }>(await reading(user), owned, [user, episodes.map(([id]) => id), mergedFrom])
    const ids = new Set(found.map(({ id }) => id))
    return { pairs: episodes.filter(([id]) => ids.has(id)), any: ids.size > 0 }
  }

  async function write(user: UserId, change: IdentityChange, edit: string): Promise<void> {
    const { podcast, kind, mergedFrom: from } = change
    const at = clock()
    const { pairs, any } = kind === 'moved' ? { pairs: [], any: true } : await ownOf(user, change)
    if (!any) return
    const origin = { user, author: balados, now: at, request: null }
    for (let first = 0; first === 0 || first < pairs.length; first += mostPairs) {
      const episodes = pairs.slice(first, first + mostPairs)
      const said = await journal.commit(origin, async (unit) => {
        await unit.load(feed, [podcast])
        const id = first === 0 ? edit : uuidv5(String(first), edit)
        if ((await unit.heard([id])).size === 0)
          unit.decide(feed, podcast, { podcast, kind, from, episodes, at }, { edit: id })
        return answer(200, null)
      })
      if (isRefusal(said)) throw new Error(said.message)
    }
  }

  async function tellAll(change: IdentityChange): Promise<void> {
    const podcasts = change.mergedFrom === null ? [change.podcast] : [change.podcast, change.mergedFrom]
    for (const podcast of podcasts)
      for await (const user of listenersOf(projections, podcast)) await write(user, change, uuidv5(change.id, user))
  }

  return {
    async tell() {
      const due = await identity.due(clock() - patience)
      for (const change of due) {
        await tellAll(change)
        await identity.told(change.id)
      }
      return due.length
    },
    async mergeAgain(user, podcast) {
      for (const change of await identity.changesOf(podcast)) {
        if (change.kind === 'moved') continue
        await write(user, change, crypto.randomUUID())
      }
    },
  }
}
