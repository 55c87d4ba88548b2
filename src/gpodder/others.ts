import { z } from 'zod'
import { answer } from '../kernel/endpoint.ts'
import { isRefusal, refuse, refuseValue } from '../kernel/refusal.ts'
import { hostOf } from '../podcast/names.ts'
import { savedEpisodes } from '../sharing/queries.ts'
import { app, type Call, type Door, type DoorParts } from './door.ts'

/** Seconds for which clients may believe where the API lives. */
const configLife = 7 * 24 * 60 * 60

const device = z.string()
/** Which devices shall share a list from now on, and which no longer. */
const wish = z.object({
  synchronize: z.array(z.array(device)).nullish(),
  'stop-synchronize': z.array(device).nullish(),
})

/** What is asked less often: where the API lives, which devices share a list, and what was saved. */
export function otherRoutes(
  { on, router }: Door,
  { accounts, catalog, titlesOf, reading, publicUrl }: DoorParts,
): void {
  const home = publicUrl.replace(/\/*$/, '/')

  // Asked before anybody has logged in.
  router.get('/clientconfig.json', (ctx) => {
    ctx.set('Access-Control-Allow-Origin', '*')
    ctx.body = { mygpo: { baseurl: home }, 'mygpo-feedservice': { baseurl: home }, update_timeout: configLife }
  })

  const namesOf = async ({ user }: Call): Promise<readonly string[]> =>
    (await accounts.devices.list(user))
      .filter((known) => known.app === app)
      .map((known) => known.device)
      .toSorted()

  const showSharing = (devices: readonly string[]) =>
    devices.length > 1
      ? answer(200, { synchronized: [devices], 'not-synchronized': [] })
      : answer(200, { synchronized: [], 'not-synchronized': devices })

  const sharing = '/api/2/sync-devices/:user.json'

  on(['get'], sharing, async (call) => showSharing(await namesOf(call)))

  // All devices of a listener share one list, so that there is nothing to begin and no way to stop: the answer says so.
  on(['post'], sharing, async (call) => {
    const body = await call.json()
    if (isRefusal(body)) return body
    const said = wish.safeParse(body)
    if (!said.success) return refuseValue('body', 'is not {"synchronize": [[…]], "stop-synchronize": […]}')
    const devices = await namesOf(call)
    const { synchronize, 'stop-synchronize': stop } = said.data
    const strange = [...(synchronize ?? []).flat(), ...(stop ?? [])].find((id) => !devices.includes(id))
    return strange === undefined ? showSharing(devices) : refuse('not_found', `There is no device ${strange}.`)
  })

  on(['get'], '/api/2/favorites/:user.json', async ({ user }) => {
    const found = await savedEpisodes(await reading(user), user)
    const episodes = await catalog.episodeEntries(found.map(({ episode }) => episode))
    const podcasts = await catalog.podcastEntries(found.map(({ podcast }) => podcast))
    const titles = await titlesOf(
      found.map(({ podcast }) => podcast),
      found.map(({ episode }) => episode),
    )
    const shown = found.map(({ episode, podcast }) => {
      const { guid = '', enclosure = '' } = episodes.get(episode) ?? {}
      const feed = podcasts.get(podcast)?.feedUrl ?? ''
      const unknown = { description: '', website: '', released: '', mygpo_link: '' }
      const url = enclosure || guid
      const title = titles.item(episode) ?? url
      return { title, url, podcast_title: titles.feed(podcast) ?? hostOf(feed), podcast_url: feed, ...unknown }
    })
    return answer(200, shown)
  })
}
