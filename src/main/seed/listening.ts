import { type Life, type Play, say } from './life.ts'
import type { Device, Session } from './listeners.ts'
import { type Episode, episodesBetween, itemName, named, podcasts } from './podcasts.ts'

const second = 1000
const minute = 60 * second
const day = 24 * 60 * minute

/** One sitting: the listener goes on with something, and with the next when there is time left. */
export function sit(life: Life, session: Session, midnight: number): void {
  const { chance, listener } = life
  const device = listener.laptop ? session.device : 'phone'
  let clock = midnight + session.hour * 60 * minute + chance.between(0, 20 * 60) * second
  const end = clock + session.minutes * minute * (0.6 + 0.7 * chance.draw())
  while (clock < end && clock < life.until) {
    const play = chosen(life, clock, device)
    if (!play) return
    clock = listen(life, play, clock, end, device) + chance.between(5, 60) * second
  }
}

/** What the listener puts on: mostly what was begun, else what is queued or new. */
function chosen(life: Life, now: number, device: Device): Play | undefined {
  const { chance } = life
  const begun = [...life.plays.values()].filter((play) => play.state === 'begun').slice(-4)
  if (begun.length > 0 && chance.happens(begun.length > 3 ? 1 : 0.75)) return begun.at(-1)
  const queued = life.queue.find((episode) => !life.plays.has(episode))
  if (queued && chance.happens(0.6)) return begin(life, queued)
  const fresh = chance.pick(unheard(life, now).slice(-6))
  if (fresh) return begin(life, fresh)
  return begun.at(-1) ?? startOver(life, now, device)
}

/** Episodes of the last month that the listener has not begun, oldest first. */
export function unheard(life: Life, now: number): Episode[] {
  const episodes = [...life.follows].flatMap(([podcast, since]) =>
    // The two or three before one subscribes are on the first screen too.
    episodesBetween(podcast, Math.max(now - 30 * day, since - 3 * podcast.every * day), now),
  )
  return episodes
    .filter((episode) => !life.plays.has(episode))
    .sort((a, b) => a.published - b.published || podcasts.indexOf(a.podcast) - podcasts.indexOf(b.podcast))
}

function begin(life: Life, episode: Episode): Play {
  const { chance } = life
  const givesUpAt = chance.happens(0.12) ? Math.round(episode.duration * (0.1 + 0.6 * chance.draw())) : null
  const play: Play = { episode, position: 0, givesUpAt, state: 'begun' }
  life.plays.set(episode, play)
  return play
}

/** Nothing new is there: an old favourite, from its beginning. */
function startOver(life: Life, now: number, device: Device): Play | undefined {
  const play = life.chance.pick([...life.plays.values()].filter((p) => p.state === 'finished'))
  if (!play) return undefined
  play.state = 'begun'
  play.position = 0
  move(life, play, now, device, { reset: true })
  return play
}

/** Listens until the end of the sitting or of the interest; the app notes the position every few minutes. */
function listen(life: Life, play: Play, start: number, end: number, device: Device): number {
  const { chance } = life
  const { duration } = play.episode
  const stop = play.givesUpAt ?? duration
  let clock = start
  while (play.state === 'begun' && clock < end) {
    const stretch = Math.min(
      chance.between(6 * 60, 14 * 60),
      Math.ceil((end - clock) / second),
      Math.max(1, stop - play.position),
    )
    play.position += stretch
    if (play.position >= duration) play.state = 'finished'
    else if (play.position >= stop) play.state = 'given up'
    clock = move(life, play, clock + stretch * second, device)
    if (play.state === 'begun' && chance.happens(0.06)) {
      play.position = Math.max(0, play.position - chance.between(15, 120))
      clock = move(life, play, clock + 3 * second, device)
    }
  }
  if (play.state === 'finished' && chance.happens(0.12)) clock = save(life, play.episode, clock, device)
  return clock
}

const move = (life: Life, play: Play, at: number, device: Device, more: { readonly reset?: true } = {}): number =>
  say(life, at, { device, lane: 'plays', thing: `play ${itemName(play.episode)}` }, (updated_at) => ({
    ...named(play.episode),
    position: play.position,
    played: play.state === 'finished',
    duration: play.episode.duration,
    updated_at,
    ...more,
  }))

function save(life: Life, episode: Episode, at: number, device: Device): number {
  life.saved.add(episode)
  return setSaved(life, episode, true, at + 2 * second, device)
}

export const setSaved = (life: Life, episode: Episode, saved: boolean, at: number, device: Device): number =>
  say(life, at, { device, lane: 'saves', thing: `save ${itemName(episode)}` }, (updated_at) => ({
    ...named(episode),
    saved,
    updated_at,
  }))
