import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApps } from '../../src/accounts/apps.ts'
import type { AuthorizationRequest } from '../../src/accounts/authorization.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import type { Endpoint, EndpointCall } from '../../src/kernel/endpoint.ts'
import { createWorld, makeKeys, type World } from './world.ts'

let world: World
let ada: UserId
let grace: UserId
const { pem } = makeKeys('p256')

beforeAll(async () => {
  world = await createWorld()
  ada = await world.addUser('ada')
  grace = await world.addUser('grace')
})
afterAll(() => world.close())

async function allow(user: UserId, appId: string): Promise<void> {
  const key = { pem, algorithms: ['ES256'] } as const
  const url = 'https://player.example/'
  const request: AuthorizationRequest = {
    appId,
    name: 'Player',
    url,
    image: null,
    key,
    scopes: ['user.sync'],
    redirect: null,
    state: null,
  }
  await createApps(world.system, world.now).allow(user, request)
}

async function call(method: Endpoint['method'], scopes: readonly string[], app: string, app_id?: string) {
  const found = world.accounts.endpoints().find((endpoint) => endpoint.method === method)
  if (!found) throw new Error(method)
  const caller = { user: ada, username: 'ada', author: { app, device: null }, scopes }
  const origin = { user: ada, author: caller.author, now: world.now(), request: null }
  const params = found.params?.parse({ app_id })
  const answer = await found.handle({ caller, origin, params, query: undefined, body: undefined } as EndpointCall<
    never,
    never,
    never
  >)
  if ('status' in answer) found.answers[answer.status]?.parse(answer.body)
  return answer
}

test('an app sees the apps of its own user, and no revoked ones', async () => {
  await allow(ada, 'app.one')
  await allow(ada, 'app.gone')
  await allow(grace, 'app.of.grace')
  await call('delete', [], 'app.gone', 'app.gone')
  const at = new Date(world.now()).toISOString()
  expect(await call('get', [], 'app.one')).toEqual({
    status: 200,
    body: {
      apps: [
        {
          id: 'app.one',
          app_id: 'app.one',
          app_name: 'Player',
          app_url: 'https://player.example/',
          app_image: null,
          scopes: ['user.sync'],
          last_used_at: null,
          inserted_at: at,
          updated_at: at,
        },
      ],
    },
  })
})

test('an app may revoke itself, whatever it was granted', async () => {
  await allow(ada, 'app.itself')
  expect(await call('delete', ['user.sync'], 'app.itself', 'app.itself')).toMatchObject({ status: 200 })
  expect(await call('delete', ['user.sync'], 'app.itself', 'app.itself')).toMatchObject({ refused: 'not_found' })
})

test.each(['*', 'user'])('another app is revoked by one that was granted %s', async (scope) => {
  await allow(ada, 'app.other')
  expect(await call('delete', [scope], 'app.one', 'app.other')).toMatchObject({ status: 200 })
})

test.each(['user.*', 'user.write', '*.write', 'admin.write'])(
  'another app is not revoked by one that was granted %s',
  async (scope) => {
    await allow(ada, 'app.kept')
    for (const target of ['app.kept', 'app.unknown'])
      expect(await call('delete', [scope], 'app.one', target)).toMatchObject({
        refused: 'forbidden',
        message: expect.stringContaining('user'),
      })
  },
)

test('an app that the user does not have, or somebody else has, is not found', async () => {
  await allow(grace, 'app.of.grace')
  for (const target of ['app.unknown', 'app.of.grace'])
    expect(await call('delete', ['*'], 'app.one', target)).toMatchObject({ refused: 'not_found' })
})

test('an app id with control characters is no app id', async () => {
  await expect(call('delete', ['*'], 'app.one', 'a\0b')).rejects.toThrow('control characters')
})
