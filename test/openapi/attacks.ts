import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import type { Schema } from './document.ts'
import { bodySchema, fileOf, type Shot, type Token } from './shots.ts'
import { badTokens } from './world.ts'

/** A request that is meant to hurt, and the answers that would be right where only some are. */
export interface Attack {
  readonly name: string
  readonly shot: Shot
  readonly allowed?: readonly number[]
}

const odd = {
  'x-request-id': '"><script>alert(1)</script>',
  accept: 'text/html',
  'accept-encoding': 'zstd;q=x',
  range: 'bytes=0-1',
  'if-none-match': '*',
  'if-modified-since': 'yesterday',
  'x-http-method-override': 'TRACE',
  'x-forwarded-for': "1.2.3.4, '; --",
  'x-forwarded-host': 'evil.example',
  cookie: 'session=%00; session=x',
  origin: 'null',
  'content-md5': 'x',
  te: 'trailers',
}

const rawQueries: Record<string, readonly number[] | undefined> = {
  '%': undefined,
  'x=%zz': undefined,
  'x=%C3%28': undefined,
  'x=%00': [400],
  'feed=%00': [400],
  '&&&=&=x&': undefined,
  '__proto__=1&constructor=2&toString=3': undefined,
  'unknown=parameter': undefined,
  [`x=${'y'.repeat(8000)}`]: undefined,
  ['a=1&'.repeat(250)]: [400],
}

const rawPaths = [
  '%',
  '%zz',
  '%C3',
  '%00',
  'x%00y',
  '%2F',
  'a%2Fb',
  '%2e%2e',
  '..',
  '.',
  '%20',
  '%E2%80%AE',
  '%F0%9F%8E%A7',
]

/** What can be done to any operation; `sound` is a request it carries out or at least understands. */
export function attacksOn(sound: Shot): readonly Attack[] {
  const { operation } = sound
  const secured = operation.security.length > 0
  const tokens: Attack[] = secured
    ? (['narrow', ...Object.keys(badTokens)] as Token[]).map((token) => ({
        name: `with a bad token: ${token}`,
        shot: { ...sound, token },
      }))
    : []
  const headers = Object.entries(odd).map(
    ([name, value]): Attack => ({
      name: `with the header ${name}`,
      shot: { ...sound, headers: { ...sound.headers, [name]: value } },
    }),
  )
  const queries = Object.entries(rawQueries).map(
    ([rawQuery, allowed]): Attack => ({
      name: 'with an odd query',
      shot: { ...sound, rawQuery },
      ...(allowed && { allowed }),
    }),
  )
  const twice = operation.parameters.flatMap(({ in: place, name }): Attack[] =>
    place === 'query'
      ? [{ name: `with ${name} twice`, shot: { ...sound, rawQuery: `${name}=x&${name}=y` }, allowed: [400] }]
      : [],
  )
  const places = Object.keys(sound.path).flatMap((name) =>
    rawPaths.map(
      (value): Attack => ({ name: `at ${value}`, shot: { ...sound, path: { ...sound.path, [name]: value } } }),
    ),
  )
  const writes = operation.method !== 'get'
  const keys = ['with blank', '', ' ', 'x'.repeat(256), '\u00e9'].map(
    (key): Attack => ({
      name: 'with a bad Idempotency-Key',
      shot: { ...sound, key },
      ...(writes && { allowed: [400] }),
    }),
  )
  return [
    ...tokens,
    ...headers,
    ...queries,
    ...twice,
    ...places,
    ...longest(sound),
    ...spoilt(sound),
    ...keys,
    ...bodies(sound),
  ]
}

/** The longest names the document allows, one at a time: no server reads addresses of any length. */
function longest(sound: Shot): Attack[] {
  return sound.operation.parameters.flatMap(({ in: place, name, schema }): Attack[] => {
    const most = schema.maxLength as number | undefined
    if (most === undefined || place === 'header') return []
    const start = /item$/.test(name) ? 'guid,https://media.example/' : 'https://feeds.example/'
    const value = Buffer.from(start.padEnd(most, 'x')).toString('base64url').slice(0, most)
    const others = sound.query.filter(([other]) => other !== name)
    const shot =
      place === 'path'
        ? { ...sound, path: { ...sound.path, [name]: value } }
        : { ...sound, query: [...others, [name, value] as const] }
    return [{ name: `with the longest ${name}`, shot }]
  })
}

/** What a value of this schema must not be, or at least not everywhere. */
function wrongFor(schema: Schema): unknown[] {
  const choices = ((schema.anyOf ?? schema.oneOf ?? [schema]) as Schema[]).filter(({ type }) => type !== 'null')
  const limits = choices.flatMap(({ type, minimum, maximum, maxLength, minLength, maxItems }): unknown[] => [
    ...(type === 'integer' || type === 'number' ? [0.5, 1e15, -1e15] : []),
    ...(typeof minimum === 'number' ? [minimum - 1, minimum] : []),
    ...(typeof maximum === 'number' ? [maximum + 1, maximum] : []),
    ...(typeof maxLength === 'number' ? ['x'.repeat(maxLength + 1)] : []),
    ...(typeof minLength === 'number' ? [''] : []),
    ...(typeof maxItems === 'number' ? [Array.from({ length: maxItems + 1 }, () => 0)] : []),
  ])
  return [null, true, -1, 7, 'x', '2024-02-30T00:00:00Z', [], [7], {}, ...limits]
}

/** The request once for each way in which one of its values can be wrong. */
function spoilt(sound: Shot): Attack[] {
  const { operation, query } = sound
  const parameters = operation.parameters.flatMap(({ in: place, name, schema }): Attack[] =>
    place !== 'query'
      ? []
      : wrongFor(schema).map((value) => ({
          name: `with a wrong ${name}`,
          shot: {
            ...sound,
            query: [...query.filter(([other]) => other !== name), [name, String(value).slice(0, 9000)]],
          },
        })),
  )
  const schema = bodySchema(operation)
  const body = (schema ? JSON.parse(sound.text ?? '{}') : {}) as Record<string, unknown>
  const properties = Object.entries((schema?.properties ?? {}) as Record<string, Schema>)
  const values = properties.flatMap(([name, of]): Attack[] => {
    const { [name]: _, ...without } = body
    const inside = ((of.items as Schema | undefined)?.properties ?? {}) as Record<string, Schema>
    const items = Array.isArray(body[name]) ? (body[name] as object[]) : []
    const entries = Object.entries(inside).flatMap(([key, schemaOfKey]) =>
      wrongFor(schemaOfKey).map((value) => ({ ...without, [name]: [...items, { ...items[0], [key]: value }] })),
    )
    return [without, ...wrongFor(of).map((value) => ({ ...without, [name]: value })), ...entries].map((value) => ({
      name: `with a wrong ${name}`,
      shot: { ...sound, text: JSON.stringify(value) },
    }))
  })
  return [...parameters, ...values]
}

const json = { 'content-type': 'application/json' }

/** Bodies for an operation that takes a document of XML. */
function filesFor(sound: Shot): Attack[] {
  const { text = '', headers } = sound
  const limit = sound.operation['x-body-limit'] ?? Number.NaN
  const say = (name: string, said: string, allowed?: readonly number[]): Attack => ({
    name,
    shot: { ...sound, text: said },
    ...(allowed && { allowed }),
  })
  const packed = (name: string, bytes: Buffer, encoding: string, allowed?: readonly number[]): Attack => ({
    name,
    shot: { ...sound, bytes, headers: { ...headers, 'content-encoding': encoding } },
    ...(allowed && { allowed }),
  })
  const deep = (depth: number) => `<opml>${'<outline>'.repeat(depth)}${'</outline>'.repeat(depth)}</opml>`
  return [
    ...['', ' \n', '{}', 'null', '<', '<opml>', `${text}x`, '<html/>', '<opml>\u0000</opml>', deep(10_000)].map(
      (said) => say('with no such file', said, [400]),
    ),
    say('with entities', '<!DOCTYPE a [<!ENTITY b "c">]><opml><body><outline xmlUrl="&b;"/></body></opml>', [400]),
    say('one byte too large', text + ' '.repeat(limit + 1 - Buffer.byteLength(text)), [413]),
    packed('packed with gzip', gzipSync(text), 'gzip'),
    packed('packed with nothing', Buffer.from(text), 'gzip', [400]),
    packed('packed in an unknown way', Buffer.from(text), 'rot13', [415]),
    packed('as a bomb of gzip', gzipSync(Buffer.alloc(limit * 3, ' ')), 'gzip', [413]),
    ...['text/plain', 'application/json', 'multipart/form-data', ''].map(
      (type): Attack => ({ name: `as ${type}`, shot: { ...sound, headers: { 'content-type': type } } }),
    ),
  ]
}

function bodies(sound: Shot): Attack[] {
  const { operation } = sound
  const { text: _, ...bare } = sound
  if (fileOf(operation)) return filesFor(sound)
  if (!bodySchema(operation)) {
    const given = ['{}', '{"position":', 'x'.repeat(2_000_000)]
    return given.map((text) => ({ name: 'with a body nobody asked for', shot: { ...bare, headers: json, text } }))
  }
  const { requestBody } = operation
  const limit = operation['x-body-limit'] ?? Number.NaN
  // A sync judges its entries one by one, and nobody keeps what it does not know.
  const unstorable = operation.path === '/sync' ? undefined : [400]
  const needed = requestBody?.required ? [400] : undefined
  const text = sound.text ?? '{}'
  const plus = (more: string) => `${text.trimEnd().slice(0, -1)}${text === '{}' ? '' : ','}${more}}`
  const padded = (bytes: number) => {
    const padding = plus('"padding":""')
    return plus(`"padding":"${'x'.repeat(bytes - Buffer.byteLength(padding))}"`)
  }
  const say = (name: string, said: string, allowed?: readonly number[]): Attack => ({
    name,
    shot: { ...bare, text: said },
    ...(allowed && { allowed }),
  })
  const raw = (name: string, bytes: Buffer, encoding: string | null, allowed?: readonly number[]): Attack => ({
    name,
    shot: { ...bare, bytes, headers: encoding === null ? json : { ...json, 'content-encoding': encoding } },
    ...(allowed && { allowed }),
  })
  const packed = (name: string, bytes: Buffer, encoding: string): Attack => ({
    name,
    shot: { ...sound, bytes, headers: { ...json, 'content-encoding': encoding } },
  })
  const bytes = Buffer.from(text)
  const broken = [
    '{',
    '}',
    '{"a":1}x',
    '{"a":1,}',
    "{'a':1}",
    '{a:1}',
    '// {}',
    '{"a":NaN}',
    '{"a":"\u0000"}',
    '[1',
    'x=1',
  ]
  return [
    { name: 'without a body', shot: bare, ...(needed && { allowed: needed }) },
    say('with an empty body', '', needed),
    say('with a blank body', ' \n', [400]),
    ...['null', 'true', '5', '"text"', '[]', '[{}]', '[[]]'].map((value) => say(`with ${value}`, value, [400])),
    ...broken.map((value) => say('with broken JSON', value, [400])),
    say('with a mark at the beginning', `\ufeff${text}`),
    say('with the same key twice', plus('"a":1,"a":{"b":2}')),
    say('with __proto__', plus('"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}')),
    say('with NUL', plus('"a":"\\u0000"'), unstorable),
    say('with NUL in a key', plus('"a\\u0000":1'), unstorable),
    say('with half a surrogate pair', plus('"a":"\\ud83c"'), unstorable),
    say('with a deep extra', plus(`"a":${'['.repeat(50_000)}${']'.repeat(50_000)}`)),
    say('with deep objects', plus(`"a":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`)),
    say('with nothing but depth', '['.repeat(200_000), [400]),
    say('with a huge number', plus(`"a":${'9'.repeat(50_000)}`)),
    say('with many keys', plus(Array.from({ length: 20_000 }, (_, i) => `"k${i}":${i}`).join())),
    say('as large as allowed', padded(limit)),
    say('one byte too large', padded(limit + 1), [413]),
    say('twice too large', padded(limit * 2), [413]),
    raw('of invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), null),
    raw('in UTF-16', Buffer.from(`\ufeff${text}`, 'utf16le'), null, [400]),
    raw('of zeros', Buffer.alloc(1000), null, [400]),
    packed('packed with gzip', gzipSync(bytes), 'gzip'),
    packed('packed with gzip, in capitals', gzipSync(bytes), 'GZIP'),
    packed('packed with deflate', deflateSync(bytes), 'deflate'),
    packed('packed with br', brotliCompressSync(bytes), 'br'),
    raw('packed with nothing', bytes, 'gzip', [400]),
    raw('packed by half', gzipSync(bytes).subarray(0, -5), 'gzip', [400]),
    raw('packed twice', gzipSync(gzipSync(bytes)), 'gzip', [400]),
    raw('packed twice, as it says', gzipSync(gzipSync(bytes)), 'gzip, gzip', [415]),
    raw('packed in an unknown way', bytes, 'rot13', [415]),
    raw('as a bomb of gzip', gzipSync(Buffer.alloc(limit * 3, ' ')), 'gzip', [413]),
    raw('as a bomb of br', brotliCompressSync(Buffer.alloc(limit * 3, '[')), 'br', [413]),
    ...[
      'text/plain',
      'text/xml',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'a/b; charset=utf-16',
      '',
    ].map((type): Attack => ({ name: `as ${type}`, shot: { ...sound, headers: { 'content-type': type } } })),
  ]
}
