import type { TestServer } from '../../support/instance.ts'
import { type Client, type Said, startClient } from '../client.ts'

/** How an app speaks: what its source says, not what the documentation does. */
export interface Manner {
  /** AntennaPod logs in by password and goes by the cookie; Kasts sends both; others only ever the password. */
  readonly credentials: 'cookie' | 'both' | 'password'
  readonly contentType: string
  /** What it adds to a time it was told, before it comes back with it. */
  readonly later: number
  /** Whether its first question is for the newest action of each episode. */
  readonly aggregated: boolean
}

export const antennaPod: Manner = {
  credentials: 'cookie',
  contentType: 'application/json; charset=utf-8',
  later: 0,
  aggregated: false,
}
export const kasts: Manner = {
  credentials: 'both',
  contentType: 'application/x-www-form-urlencoded',
  later: 1,
  aggregated: true,
}
/** What mygpoclient and scripts do. */
export const plain: Manner = {
  credentials: 'password',
  contentType: 'application/json',
  later: 0,
  aggregated: false,
}

export interface Action {
  readonly podcast: string
  readonly episode: string
  readonly guid?: string
  readonly device?: string
  readonly action: string
  readonly timestamp: string
  readonly started?: number
  readonly position?: number
  readonly total?: number
}

/** Where an app is in an episode. */
export interface Place {
  readonly position: number
  readonly played: boolean
}

/** Both AntennaPod and Kasts upload thirty at a time. */
const batch = 30

/** An app on a device: keeps what it has, queues what its listener does, and syncs as its source says. */
export class App {
  readonly device: string
  readonly client: Client
  readonly subscriptions = new Set<string>()
  readonly places = new Map<string, Place>()
  /** Every action it was told, by episode and kind: the newest time. */
  readonly heard = new Map<string, string>()
  queue: Action[] = []
  /** Where it comes back with for actions. */
  since = 0
  readonly #manner: Manner
  readonly #added = new Set<string>()
  readonly #removed = new Set<string>()
  #subscriptionsSince = 0

  constructor(client: Client, device: string, manner: Manner) {
    this.client = client
    this.device = device
    this.#manner = manner
  }

  async ask(method: string, path: string, body?: unknown): Promise<Said> {
    const { client } = this
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': this.#manner.contentType }
    if (this.#manner.credentials === 'cookie') return client.call(method, path, body, headers)
    if (this.#manner.credentials === 'both' && client.cookie() !== '') headers.cookie = client.cookie()
    return client.basic(method, path, body, headers)
  }

  async #told(method: string, path: string, body?: unknown) {
    const said = await this.ask(method, path, body)
    // No app goes on with anything else.
    if (said.status !== 200) throw new Error(`${method} ${path}: ${said.status} ${said.text}`)
    return said.body
  }

  /** AntennaPod does so before each sync. */
  async logIn(): Promise<void> {
    const path = `/api/2/auth/${this.client.u}/login.json`
    const { status } = await this.client.basic('POST', path, '', { 'content-type': 'plain/text; charset=utf-8' })
    if (status !== 200) throw new Error(`log-in: ${status}`)
  }

  async declare(): Promise<void> {
    const path = `/api/2/devices/${this.client.u}/${this.device}.json`
    await this.#told('POST', path, { caption: this.device, type: 'mobile' })
  }

  subscribe(url: string): void {
    this.subscriptions.add(url)
    this.#added.add(url)
    this.#removed.delete(url)
  }

  unsubscribe(url: string): void {
    this.subscriptions.delete(url)
    this.#removed.add(url)
    this.#added.delete(url)
  }

  /** What its listener does, from now on in its queue. */
  act(action: Action): void {
    this.queue.push({ device: this.device, ...action })
    this.#take(action)
  }

  #hear({ episode, action, timestamp }: Action): void {
    const key = `${episode} ${action}`
    if (timestamp > (this.heard.get(key) ?? '')) this.heard.set(key, timestamp)
  }

  #take(action: Action): void {
    this.#hear(action)
    const { position = -1, total = -1 } = action
    if (action.action === 'play' && position >= 0)
      this.places.set(action.episode, { position, played: total > 0 && position >= total })
  }

  get #subscriptionPath() {
    return `/api/2/subscriptions/${this.client.u}/${this.device}.json`
  }

  async downloadSubscriptions(): Promise<void> {
    const path = `${this.#subscriptionPath}?since=${this.#subscriptionsSince}`
    const { add, remove, timestamp } = await this.#told('GET', path)
    for (const url of add) if (!this.#removed.has(url)) this.subscriptions.add(url)
    for (const url of remove) if (!this.#added.has(url)) this.subscriptions.delete(url)
    if (this.#subscriptionsSince === 0)
      for (const url of this.subscriptions) if (!add.includes(url)) this.#added.add(url)
    this.#subscriptionsSince = timestamp + this.#manner.later
  }

  /** `isLost`: the server gets it, the answer does not come. */
  async uploadSubscriptions(isLost = false): Promise<void> {
    const body = { add: [...this.#added], remove: [...this.#removed] }
    if (body.add.length + body.remove.length === 0) return
    const { timestamp } = await this.#told('POST', this.#subscriptionPath, body)
    if (isLost) return
    this.#added.clear()
    this.#removed.clear()
    this.#subscriptionsSince = timestamp + this.#manner.later
  }

  get #actionPath() {
    return `/api/2/episodes/${this.client.u}.json`
  }

  /** Takes in what others did, unless its own listener did something later that is still queued. */
  async downloadActions(): Promise<readonly Action[]> {
    const first = this.since === 0 && this.#manner.aggregated
    const query = `?since=${this.since}${this.#manner.aggregated ? `&aggregated=${first}` : ''}`
    const { actions, timestamp } = await this.#told('GET', this.#actionPath + query)
    for (const action of actions as Action[]) {
      const isOverruled = this.queue.some(
        (own) => own.action === 'play' && own.episode === action.episode && own.timestamp > action.timestamp,
      )
      if (action.action === 'play' && isOverruled) this.#hear(action)
      else this.#take(action)
    }
    this.since = timestamp + this.#manner.later
    return actions
  }

  /** `isLost`: the server gets it, the answer does not come; all of it is sent again next time. */
  async uploadActions(isLost = false): Promise<void> {
    for (let at = 0; at < this.queue.length; at += batch) {
      const part = this.queue.slice(at, at + batch)
      const { timestamp } = await this.#told('POST', this.#actionPath, part)
      if (!isLost) this.since = timestamp + this.#manner.later
    }
    if (!isLost) this.queue = []
  }

  async sync(): Promise<void> {
    if (this.#manner.credentials === 'cookie') await this.logIn()
    await this.downloadSubscriptions()
    await this.uploadSubscriptions()
    await this.downloadActions()
    await this.uploadActions()
  }
}

/** An app of a new listener, or of one who has another app already; its device is known to the server. */
export async function startApp(server: TestServer, manner: Manner, device: string, of?: App): Promise<App> {
  const app = new App(await startClient(server, of?.client), device, manner)
  if (manner.credentials === 'cookie') await app.logIn()
  await app.declare()
  return app
}
