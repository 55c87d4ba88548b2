import { z } from 'zod'

/** Where a page of the history ended, opaque to apps. Numbers are never given twice, so that it stays true. */
export const formatCursor = (number: number): string => `h${number.toString(36)}`

/** A cursor of a request, as the number of the user's event it stands for. */
export const cursor = z
  .string()
  .regex(/^h[0-9a-z]{1,10}$/, 'is not a cursor that this server gave')
  .describe('`next` of the page before.')
  .transform((text) => Number.parseInt(text.slice(1), 36))
