import { type EpisodeName, encodeFeed, encodeItem } from '../podcast/names.ts'

/** Where the gateway and the feeds are. */
export interface GatewayUrls {
  /** `https://pods.example`, without a slash at its end. */
  readonly site: string
  /** What plays begin with: `https://pods.example/play` or the domain that serves nothing else. */
  readonly plays: string
}

/** @param playDomain `host` or `host:port`; reached by the scheme of `publicUrl` */
export function gatewayUrls(publicUrl: string, playDomain: string | undefined): GatewayUrls {
  const site = publicUrl.replace(/\/+$/, '')
  return { site, plays: playDomain === undefined ? `${site}/play` : `${new URL(site).protocol}//${playDomain}` }
}

/** Where an episode is played through the gateway. */
export const playUrl = ({ plays }: GatewayUrls, secret: string, feedUrl: string, name: EpisodeName): string =>
  `${plays}/${secret}/${encodeFeed(feedUrl)}/${encodeItem(name)}`

/** A host as names are compared: no port, no dot at its end, in lower case. */
const bareHost = (host: string): string => (URL.parse(`http://${host}`)?.hostname ?? '').replace(/\.$/, '')

/** Whether any of these hosts is the play domain, whatever the port: a proxy may listen on another one. */
export const isHost = (playDomain: string, hosts: readonly (string | undefined)[]): boolean =>
  hosts.some((host) => host !== undefined && host !== '' && bareHost(host) === bareHost(playDomain))
