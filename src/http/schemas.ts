import { z } from 'zod'

/** What a command that has nothing else to say answers. */
export const successOut = z.object({ status: z.literal('success') }).meta({ id: 'Success' })

export const uuid = z.uuid().transform((id) => id.toLowerCase())

/** A text a person wrote: no control characters but tabs and line breaks, which PostgreSQL could not keep either. */
export const words = (longest: number) => z.string().max(longest)

/** `?limit&offset`, as they stand in a query. */
export const limit = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual)
export const offset = z.coerce.number().int().min(0).max(10_000_000).default(0)

/** A boolean in a query. */
export const flag = z.enum(['true', 'false']).transform((text) => text === 'true')
