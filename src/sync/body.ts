import { z } from 'zod'
import { type LaneName, laneNames } from './lane.ts'
import { lanes } from './lanes/index.ts'

/** Entries of one request, of all lists together: each may have to be answered. More come in the next one. */
const mostEntries = 50_000

/**
 * A list of entries that are validated one by one when they are applied, so that a bad one is reported and does not
 * sink the rest. The document still describes what each should be.
 */
const entries = (name: LaneName) => {
  const { entry } = lanes.find((lane) => lane.name === name) ?? {}
  const described: Record<string, unknown> = entry ? z.toJSONSchema(entry, { io: 'input', unrepresentable: 'any' }) : {}
  delete described.$schema
  return z
    .array(
      z.unknown().meta({ description: 'An entry that is not like this is rejected alone.', anyOf: [described, {}] }),
    )
    .nullish()
}

const lists = {
  subscriptions: entries('subscriptions'),
  plays: entries('plays'),
  play_statuses: entries('plays'),
  playlists: entries('playlists'),
  collections: entries('collections'),
  privacy: entries('privacy'),
  saves: entries('saves'),
}

const example = {
  last_sync: null,
  changes: {
    plays: [
      {
        rss_source_feed: 'aHR0cHM6Ly9mZWVkcy5leGFtcGxlL2EucnNz',
        rss_source_item: 'Z3VpZC0xLGh0dHBzOi8vbWVkaWEuZXhhbXBsZS8xLm1wMw',
        position: 754,
        played: false,
        updated_at: '2026-11-22T09:00:00.000Z',
      },
    ],
  },
}

export const syncBody = z
  .object({
    last_sync: z.string().max(500).nullish().meta({
      description: 'The `sync_token` of the last answer; older apps send an RFC 3339 time. None: sync in full.',
    }),
    changes: z.object(lists).nullish().meta({ description: 'Shape A: the entries in here, and the answer likewise.' }),
    ...lists,
  })
  .check((ctx) => {
    const { changes, ...top } = ctx.value
    const count = [changes ?? {}, top]
      .flatMap(Object.values)
      .reduce((sum, list) => sum + (Array.isArray(list) ? list.length : 0), 0)
    if (count > mostEntries)
      ctx.issues.push({
        code: 'custom',
        message: `${count} entries: at most ${mostEntries} in one request, the others in the next`,
        input: null,
      })
  })
  .meta({ examples: [example] })
export type SyncBody = z.output<typeof syncBody>

export interface Asked {
  readonly shape: 'A' | 'B'
  readonly entries: Readonly<Record<LaneName, readonly unknown[]>>
}

/** Which of the two shapes a request has, and its entries. */
export function askedFor(body: SyncBody): Asked {
  const topLevel = [...laneNames, 'play_statuses' as const].some((name) => Array.isArray(body[name]))
  const from = body.changes ?? body
  const asked = {} as Record<LaneName, readonly unknown[]>
  for (const name of laneNames) asked[name] = from[name] ?? []
  asked.plays = [...(from.plays ?? []), ...(from.play_statuses ?? [])]
  return { shape: !body.changes && topLevel ? 'B' : 'A', entries: asked }
}
