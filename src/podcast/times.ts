import { z } from 'zod'

/** Years a podcast app can mean: outside of them a date is a mistake, and PostgreSQL need not see it. */
const earliest = Date.UTC(1990, 0, 1)
const latest = Date.UTC(2200, 0, 1)

/** An RFC 3339 time as milliseconds since 1970. */
export const instant = z.iso
  .datetime({ offset: true, local: false })
  .meta({ description: 'RFC 3339 time', examples: ['2026-11-22T09:00:00.000Z'] })
  .transform((text, ctx) => {
    const ms = Date.parse(text)
    if (ms >= earliest && ms < latest) return ms
    ctx.addIssue({ code: 'custom', message: 'is not a time between 1990 and 2200' })
    return z.NEVER
  })

export const instantOut = z.iso.datetime().meta({ examples: ['2026-11-22T09:00:00.000Z'] })

/** Milliseconds since 1970 as RFC 3339 UTC with milliseconds. */
export const isoTime = (ms: number): string => new Date(ms).toISOString()

/** Whole seconds into an episode; a hundred days is longer than any. */
export const seconds = z
  .int()
  .min(0)
  .max(8_640_000)
  .meta({ description: 'whole seconds', examples: [754] })
