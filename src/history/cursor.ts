import { z } from 'zod'

const form = /^h1\.(\d{1,15})$/

/** Where a page of the history ended, opaque to apps. Numbers are never given twice, so that it stays true. */
export const formatCursor = (number: number): string => Buffer.from(`h1.${number}`, 'utf8').toString('base64url')

/** A cursor of a request, as the number of the user's event it stands for. */
export const cursor = z
  .string()
  .max(100)
  .describe('`next` of the page before.')
  .transform((text, ctx) => {
    const number = form.exec(Buffer.from(text, 'base64url').toString('utf8'))?.[1]
    if (number !== undefined && formatCursor(Number(number)) === text) return Number(number)
    ctx.addIssue({ code: 'custom', message: 'is not a cursor that this server gave' })
    return z.NEVER
  })
