import { z } from 'zod'
import { shownTime, shownTimeOrNull } from '../podcast/shown.ts'
import { instantOut } from '../podcast/times.ts'
import { importStates } from './entities.ts'
import { failures } from './file.ts'
import type { Import } from './imports.ts'

const count = z.number().int().min(0)

export const importOut = z
  .object({
    id: z.uuid(),
    state: z.enum(importStates).describe('`failed`: the server could not carry on; what was done stays.'),
    total: count.describe('Podcasts the file names.').meta({ examples: [3] }),
    done: count.describe('How many of them are dealt with.').meta({ examples: [3] }),
    subscribed: count.describe('That the listener did not follow before.').meta({ examples: [1] }),
    already: count
      .describe('That the listener followed already, or that the file names again.')
      .meta({ examples: [1] }),
    failed: z
      .array(
        z.object({
          line: count.describe('Of the file, from 1.').meta({ examples: [12] }),
          url: z
            .string()
            .describe('As the file has it, at most 500 characters.')
            .meta({ examples: ['javascript:alert(1)'] }),
          title: z
            .string()
            .nullable()
            .meta({ examples: ['Not a podcast'] }),
          reason: z.enum(failures).meta({ examples: ['not_a_feed_url'] }),
        }),
      )
      .describe('Podcasts that were not taken over; `collection_full`: followed, but its collection holds no more.'),
    asked_at: instantOut,
    ended_at: instantOut.nullable(),
  })
  .meta({ id: 'SubscriptionImport' })

/** An import as answers show it. */
export const showImport = ({ askedAt, endedAt, ...rest }: Import): z.input<typeof importOut> => ({
  ...rest,
  failed: [...rest.failed],
  asked_at: shownTime(askedAt),
  ended_at: shownTimeOrNull(endedAt),
})
