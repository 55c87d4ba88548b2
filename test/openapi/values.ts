import fc from 'fast-check'
import { resolved, type Schema } from './document.ts'
import { episodes, feeds, spellings, unknownFeeds, unknownItems } from './names.ts'
import type { Listener, World } from './world.ts'

/** Makes values that a schema of the document allows, out of things that are known where it names such. */
export function valuesIn({ document, bystander }: World, { ids, app, spares, cursors }: Listener) {
  const start = Date.now()
  const time = fc
    .tuple(
      fc.oneof(fc.constantFrom(-60, -30, -1), fc.integer({ min: -120, max: 10 })),
      fc.constantFrom('Z', '.000Z', '+02:00'),
    )
    .map(([minutes, end]) => {
      const ms = Math.floor(start / 60_000 + minutes) * 60_000
      return new Date(end === '+02:00' ? ms + 7_200_000 : ms).toISOString().replace('.000Z', end)
    })
  const weighted = (...choices: (readonly [weight: number, texts: readonly string[]])[]) =>
    fc.oneof(...choices.map(([weight, texts]) => ({ weight, arbitrary: fc.constantFrom(...texts) })))
  const feed = weighted([12, feeds], [3, feeds.flatMap(spellings)], [1, unknownFeeds])
  const item = weighted(
    [12, episodes.map((e) => e.item)],
    [3, episodes.flatMap((e) => spellings(e.item))],
    [1, unknownItems],
  )
  const others = [...bystander.ids.playlists, ...bystander.ids.collections, bystander.ids.queue, bystander.ids.home]
  const listIds = (own: readonly string[], fixed: string) =>
    weighted(
      [8, own],
      [2, [fixed]],
      [3, ids.fresh],
      [1, others],
      [1, [...own, ...ids.fresh].map((id) => id.toUpperCase())],
    )
  const cursor = weighted(
    [6, cursors],
    [1, bystander.cursors],
    [2, [new Date(start - 1_800_000).toISOString(), '2020-01-01T00:00:00Z', '2031-01-01T00:00:00+02:00']],
  )
  const appId = weighted([1, [app.id]], [4, spares.map((each) => each.id)], [1, [bystander.app.id, 'no.such.app']])

  /** Texts by the names they go by. */
  function known(trail: readonly string[]): fc.Arbitrary<string> | undefined {
    const name = trail.at(-1) ?? ''
    if (/^(?:rss_source_)?feeds?$/.test(name)) return feed
    if (/^(?:rss_source_)?items?$/.test(name)) return item
    if (name === 'last_sync') return cursor
    if (name === 'app_id') return appId
    if (name !== 'id') return undefined
    if (trail.includes('devices')) return weighted([8, ids.devices], [1, bystander.ids.devices], [1, ids.fresh])
    return trail.includes('collections') ? listIds(ids.collections, ids.home) : listIds(ids.playlists, ids.queue)
  }

  function text(schema: Schema, trail: readonly string[]): fc.Arbitrary<unknown> {
    const byName = known(trail)
    if (byName) return byName
    if (schema.format === 'date-time') return time
    if (schema.format === 'uuid') return fc.uuid()
    if (typeof schema.pattern === 'string') return fc.stringMatching(new RegExp(schema.pattern))
    const least = (schema.minLength as number | undefined) ?? 0
    const most = (schema.maxLength as number | undefined) ?? 10_000
    const written = fc
      .string({ minLength: least, maxLength: Math.min(most, 40), unit: 'grapheme' })
      .filter((t) => t.length >= least && t.length <= most && t.isWellFormed() && !t.includes('\0'))
    const odd = ['Été 🎧', 'x'.repeat(Math.max(1, most)), "Robert'); drop table--"].filter((t) => t.length >= least)
    return fc.oneof({ weight: 6, arbitrary: written }, { weight: 2, arbitrary: fc.constantFrom(...odd) })
  }

  function values(given: Schema, trail: readonly string[]): fc.Arbitrary<unknown> {
    const schema = resolved(document, given)
    if ('const' in schema) return fc.constant(schema.const)
    if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum)
    const choices = (schema.anyOf ?? schema.oneOf) as readonly Schema[] | undefined
    if (choices) {
      const weights = choices.map((choice) => ({
        weight: Object.keys(choice).length === 0 || choice.type === 'null' ? 1 : 8,
        arbitrary: values(choice, trail),
      }))
      return fc.oneof(...weights)
    }
    switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
      case 'object':
        return object(schema, trail)
      case 'array':
        return fc.array(values((schema.items as Schema | undefined) ?? {}, trail), { maxLength: 5 })
      case 'string':
        return text(schema, trail)
      case 'integer':
      case 'number': {
        const min = (schema.minimum as number | undefined) ?? 0
        const max = Math.min((schema.maximum as number | undefined) ?? 1_000_000, Number.MAX_SAFE_INTEGER)
        return fc.oneof({ weight: 6, arbitrary: fc.integer({ min, max: Math.min(max, min + 4000) }) }, fc.constant(max))
      }
      case 'boolean':
        return fc.boolean()
      case 'null':
        return fc.constant(null)
      default:
        return fc.jsonValue({ maxDepth: 2 })
    }
  }

  /** An object; where it names a podcast and an episode, mostly an episode of that podcast. */
  function object(schema: Schema, trail: readonly string[]): fc.Arbitrary<unknown> {
    const properties = (schema.properties ?? {}) as Record<string, Schema>
    const parts = Object.fromEntries(
      Object.entries(properties).map(([name, of]) => [name, values(of, [...trail, name])]),
    )
    const requiredKeys = ((schema.required ?? []) as string[]).filter((name) => Object.hasOwn(parts, name))
    const made = fc.record(parts, { requiredKeys, noNullPrototype: true })
    const [feedKey] = Object.keys(properties).filter((name) => /^(?:rss_source_)?feed$/.test(name))
    const [itemKey] = Object.keys(properties).filter((name) => /^(?:rss_source_)?item$/.test(name))
    if (feedKey === undefined || itemKey === undefined) return made
    return fc.tuple(made, fc.option(fc.constantFrom(...episodes), { freq: 6 })).map(([value, episode]) => {
      if (!episode || typeof value[itemKey] !== 'string') return value
      const fits = typeof value[feedKey] === 'string' ? { [feedKey]: episode.feed } : {}
      return { ...value, ...fits, [itemKey]: episode.item }
    })
  }

  return { values, object }
}
