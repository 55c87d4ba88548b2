import { answer } from '../kernel/endpoint.ts'
import { hostOf } from '../podcast/names.ts'
import { savedEpisodes } from '../sharing/queries.ts'
import { app, type Call, type Door, type DoorParts } from './door.ts'

/** Seconds for which clients may believe where the API lives. */
const configLife = 7 * 24 * 60 * 60

/** What is asked less often: where the API lives, which devices share a list, and what was saved. */
export function otherRoutes({ on, router }: Door, { accounts, catalog, reading, publicUrl }: DoorParts): void {
  const home = publicUrl.replace(/\/*$/, '/')

  // Asked before anybody has logged in.
  router.get('/clientconfig.json', (ctx) => {
    ctx.set('Access-Control-Allow-Origin', '*')
    ctx.body = { mygpo: { baseurl: home }, 'mygpo-feedservice': { baseurl: home }, update_timeout: configLife }
  })

  /** All devices of a listener share one list, whatever a client asks for. */
  async function sharing({ user }: Call) {
    const devices = (await accounts.devices.list(user)).filter((device) => device.app === app)
    const names = devices.map(({ device }) => device).toSorted()
    return names.length > 1
      ? answer(200, { synchronized: [names], 'not-synchronized': [] })
      : answer(200, { synchronized: [], 'not-synchronized': names })
  }
  on(['get', 'post'], '/api/2/sync-devices/:user.json', sharing)

  on(['get'], '/api/2/favorites/:user.json', async ({ user }) => {
    const found = await savedEpisodes(await reading(user), user)
    const episodes = await catalog.episodeEntries(found.map(({ episode }) => episode))
    const podcasts = await catalog.podcastEntries(found.map(({ podcast }) => podcast))
    const shown = found.map(({ episode, podcast }) => {
      const { guid = '', enclosure = '' } = episodes.get(episode) ?? {}
      const feed = podcasts.get(podcast)?.feedUrl ?? ''
      const unknown = { description: '', website: '', released: '', mygpo_link: '' }
      const url = enclosure || guid
      return { title: url, url, podcast_title: hostOf(feed), podcast_url: feed, ...unknown }
    })
    return answer(200, shown)
  })
}
