import { describe, expect, test } from 'vitest'
import { scopesInEnglish, scopesInFrench } from '../../src/accounts/scope-words.ts'
import { grants, isWide, scopes, unknownScopes } from '../../src/accounts/scopes.ts'

const areas = ['subscriptions', 'plays', 'playlists', 'collections', 'privacy']
const reads = ['user.read', ...areas.map((area) => `user.${area}.read`)]
const writes = ['user.write', ...areas.map((area) => `user.${area}.write`)]
const bare = areas.map((area) => `user.${area}`)
const never = ['user.erase', 'admin.read', 'admin.write']
const plain = ['user', 'user.sync', ...bare, ...reads, ...writes]

describe('what a grant covers', () => {
  const table: Record<string, string[]> = {
    '*': plain,
    '*.read': reads,
    '*.write': writes,
    user: plain,
    'user.*': plain.filter((scope) => scope !== 'user'),
    'user.*.read': reads.filter((scope) => scope !== 'user.read'),
    'user.*.write': writes.filter((scope) => scope !== 'user.write'),
    'user.read': ['user.read'],
    'user.write': ['user.write'],
    'user.sync': ['user.sync'],
    'user.erase': ['user.erase'],
    'admin.read': ['admin.read'],
    'admin.write': ['admin.write'],
    ...Object.fromEntries(bare.map((scope) => [scope, [scope, `${scope}.read`, `${scope}.write`]])),
    ...Object.fromEntries(areas.map((area) => [`user.${area}.read`, [`user.${area}.read`]])),
    ...Object.fromEntries(areas.map((area) => [`user.${area}.write`, [`user.${area}.write`]])),
  }

  test('the table below has a line for every scope there is', () => {
    expect(Object.keys(table).sort()).toEqual([...scopes].sort())
  })

  test.each(Object.entries(table))('%s covers exactly what it says', (granted, covered) => {
    expect([...plain, ...never].filter((wanted) => grants([granted], wanted)).sort()).toEqual([...covered].sort())
  })

  test('several scopes cover what each of them covers, and no more', () => {
    const granted = ['user.plays.read', 'user.sync']
    expect(plain.filter((wanted) => grants(granted, wanted))).toEqual(['user.sync', 'user.plays.read'])
    expect(grants([], 'user.read')).toBe(false)
  })

  test('all wildcards together never imply erasing or administration', () => {
    const granted = ['*', '*.read', '*.write', 'user', 'user.*', 'user.*.read', 'user.*.write', 'admin', 'admin.*']
    for (const wanted of never) expect(grants(granted, wanted), wanted).toBe(false)
  })

  test('a name that only begins like a scope is not its child', () => {
    expect(grants(['user.play'], 'user.plays.read')).toBe(false)
    expect(grants(['user'], 'username')).toBe(false)
  })
})

test('unknown scopes are named in their order', () => {
  expect(unknownScopes(['user', 'admin', 'user.sync', 'admin.*', 'toString', 'user.play'])).toEqual([
    'admin',
    'admin.*',
    'toString',
    'user.play',
  ])
})

test('every scope has words in English and French, different ones', () => {
  for (const words of [scopesInEnglish, scopesInFrench]) expect(new Set(Object.values(words)).size).toBe(scopes.length)
  for (const scope of scopes) expect(scopesInFrench[scope]).not.toBe(scopesInEnglish[scope])
})

test('scopes over a whole account, erasing and administration count as far-reaching', () => {
  expect(scopes.filter(isWide).sort()).toEqual(
    ['*', '*.read', '*.write', 'user', 'user.*', 'user.*.read', 'user.*.write', ...never].sort(),
  )
})
