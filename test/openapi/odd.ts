import fc from 'fast-check'

/** The words of a JSON text that no JavaScript value stands for: `"@@1e999@@"` becomes `1e999`. */
export function jsonText(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replaceAll(/"@@(.+?)@@"/g, (_, raw: string) => {
    const [, bracket, depth] = /^deep(.)(\d+)$/.exec(raw) ?? []
    if (bracket === undefined) return JSON.parse(`"${raw}"`) as string
    const n = Number(depth)
    return bracket === '[' ? '['.repeat(n) + ']'.repeat(n) : `${'{"a":'.repeat(n)}0${'}'.repeat(n)}`
  })
}

const b64 = (text: string | Uint8Array) => Buffer.from(text as string).toString('base64url')

/** Texts that were trouble for somebody once. */
export const oddTexts: readonly string[] = [
  ' ',
  'null',
  'NaN',
  '-1',
  '1e3',
  '0x10',
  '9007199254740993',
  'true',
  '[object Object]',
  '__proto__',
  'constructor',
  "'; drop table events.events; --",
  '../../../etc/passwd',
  '<script>alert(1)</script>',
  '%00',
  '🎧'.repeat(300),
  'x'.repeat(8193),
  '====',
  'a',
  'aHR0cHM6Ly94LmV4YW1wbGUv!!',
  'aHR0 cHM6',
  b64('not a url'),
  b64('javascript:alert(1)'),
  b64('file:///etc/passwd'),
  b64('http://'),
  b64('https://nul.example/\0'),
  b64(Uint8Array.from([0xff, 0xfe, 0xfd])),
  b64('no comma'),
  b64(','),
  '1970-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '2024-02-30T00:00:00Z',
  '2024-01-01',
  '00000000-0000-0000-0000-000000000000',
  '\u202eevil',
]

const oddValues: readonly unknown[] = [
  ...oddTexts,
  '',
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e21,
  2 ** 31,
  2 ** 53,
  [],
  {},
  [[]],
  [null],
  { a: { b: {} } },
  { constructor: { prototype: { polluted: true } } },
  { toString: 1, hasOwnProperty: 1 },
  '@@NaN@@',
  '@@Infinity@@',
  '@@1e999@@',
  '@@-1e999@@',
  '@@-0@@',
  '@@007@@',
  '@@undefined@@',
  '@@"\\u0000"@@',
  '@@"a\\ud83c"@@',
  '@@"\\udfa7 half"@@',
  '@@{"__proto__":{"polluted":true}}@@',
  '@@deep[20000@@',
  '@@deep{20000@@',
]

const oddKeys = ['', 'extra', '__proto__', 'constructor', 'user_id', 'number', 'é\u0001', 'x'.repeat(300)]

export interface Mutation {
  readonly at: number
  readonly how: 'replace' | 'remove' | 'extra' | 'wrap' | 'nest' | 'twice' | 'rename'
  readonly value: unknown
  readonly key: string
}

export const mutations: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(10_000),
  how: fc.constantFrom<Mutation['how'][]>('replace', 'replace', 'remove', 'extra', 'wrap', 'nest', 'twice', 'rename'),
  value: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...oddValues) }, fc.jsonValue({ maxDepth: 2 })),
  key: fc.constantFrom(...oddKeys),
})

type Holder = Record<string, unknown>

/** One thing somewhere in `value` made odd. */
function mutated(value: unknown, { at, how, value: odd, key: name }: Mutation): unknown {
  const root: Holder = { root: structuredClone(value) }
  const places: [Holder, string][] = []
  const visit = (holder: Holder) => {
    for (const [key, child] of Object.entries(holder)) {
      places.push([holder, key])
      if (typeof child === 'object' && child !== null) visit(child as Holder)
    }
  }
  visit(root)
  const [holder, key] = places[at % places.length] as [Holder, string]
  const here = holder[key]
  const define = (target: Holder, as: string, what: unknown) =>
    Object.defineProperty(target, as, { value: what, enumerable: true, configurable: true, writable: true })
  if (how === 'replace' || holder === root) holder[key] = how === 'wrap' ? [here] : odd
  else if (how === 'remove') Array.isArray(holder) ? holder.splice(Number(key), 1) : delete holder[key]
  else if (how === 'extra') define(typeof here === 'object' && here !== null ? (here as Holder) : holder, name, odd)
  else if (how === 'wrap') holder[key] = [here]
  else if (how === 'nest') holder[key] = { [name]: here }
  else if (how === 'twice') Array.isArray(holder) ? holder.push(here) : define(holder, `${key}2`, here)
  else if (!Array.isArray(holder)) {
    delete holder[key]
    define(holder, name, here)
  }
  return root.root
}

/** A JSON text after some mutations. */
export const mutatedText = (text: string, all: readonly Mutation[]) =>
  jsonText(all.reduce<unknown>((value, mutation) => mutated(value, mutation), JSON.parse(text)))
