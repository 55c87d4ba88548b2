import type { z } from 'zod'
import { type Refusal, type RefusalDetail, refuse } from '../kernel/refusal.ts'

/** The most wrong values that one answer names: a body of wrong numbers must not come back fifty times as large. */
const mostDetails = 1000

/** Collects what is wrong with the parts of one request. */
export interface Findings {
  /** What `schema` makes of `value`; undefined, with the findings noted, when it does not fit. */
  check(schema: z.ZodType, value: unknown, part: 'path' | 'query' | 'body'): unknown
  /** The refusal that names every wrong value, or undefined when all is well. */
  refusal(): Refusal | undefined
}

/** Starts checking a request: each part with its schema, then one refusal for all that is wrong. */
export function findings(): Findings {
  const details: RefusalDetail[] = []
  return {
    check(schema, value, part) {
      const result = schema.safeParse(value)
      if (result.success) return result.data
      for (const issue of result.error.issues) note(issue, part === 'body' ? [] : [part], part, details)
      return undefined
    },
    refusal() {
      return details.length === 0 ? undefined : refuse('validation', sentence(details), details.slice(0, mostDetails))
    },
  }
}

type Issue = z.core.$ZodIssue

/** `whole` is the name of what the path starts from, for an issue with all of it. */
function note(issue: Issue, before: readonly PropertyKey[], whole: string, details: RefusalDetail[]): void {
  const path = [...before, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) details.push({ path: [...path, key].join('.'), message: 'Unknown' })
    return
  }
  const inner = issue.code === 'invalid_union' ? closest(issue.errors) : []
  if (inner.length > 0) {
    for (const each of inner) note(each, path, whole, details)
    return
  }
  details.push({ path: path.length === 0 ? whole : path.map(String).join('.'), message: issue.message })
}

/** Of the alternatives of a union the one that was meant: where only something inside was wrong. */
function closest(alternatives: readonly (readonly Issue[])[]): readonly Issue[] {
  return alternatives.find((issues) => issues.length > 0 && issues.every((issue) => issue.path.length > 0)) ?? []
}

function sentence(details: readonly RefusalDetail[]): string {
  const named = details.slice(0, 3).map(({ path, message }) => `${path}: ${message}`)
  const more = details.length - named.length
  return more > 0 ? `${named.join('; ')}; and ${more} more` : named.join('; ')
}
