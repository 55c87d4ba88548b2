/** How a device's connection is. A lost answer: the server heard and did what it was asked, the device never learns. */
export type Weather = 'online' | 'offline' | 'losing answers'

/** A device's own way to the server, which this example makes bad on purpose. An app just uses `fetch`. */
export interface Network {
  weather: Weather
  readonly fetch: typeof fetch
}

export function createNetwork(): Network {
  const network: Network = {
    weather: 'online',
    async fetch(input, init) {
      if (network.weather === 'offline') throw new Error('there is no network')
      const response = await fetch(input, init)
      if (network.weather === 'losing answers') {
        await response.arrayBuffer()
        throw new Error('the answer was lost')
      }
      return response
    },
  }
  return network
}
