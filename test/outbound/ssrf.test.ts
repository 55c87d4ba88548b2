import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { refusedAddress } from '../../src/outbound/addresses.ts'
import { createOutbound, isFailed, type Outbound } from '../../src/outbound/fetch.ts'
import { createResolver } from '../../src/outbound/names.ts'
import { type NameServer, startNameServer } from '../support/name-server.ts'
import { type Origin, startOrigin } from '../support/origin.ts'

/** What the names of these tests lead to; a list of lists answers the first question with the first, and so on. */
const names: Record<string, readonly string[] | readonly (readonly string[])[]> = {}
let servers: NameServer
let strict: Outbound
let origin: Origin

/** The rules as they hold on the internet, but for one loopback address that plays a public host. */
const judge = (address: string) => (address === '127.0.0.1' ? null : refusedAddress(address))
let staged: Outbound

beforeAll(async () => {
  servers = await startNameServer((name, times) => {
    const found = names[name] ?? []
    if (found.length === 0 || typeof found[0] === 'string') return found as readonly string[]
    return (found[Math.min(times, found.length - 1)] ?? []) as readonly string[]
  })
  const parts = { userAgent: 'test', allowPrivate: false, resolve: createResolver([servers.address]) }
  strict = createOutbound(parts)
  staged = createOutbound({ ...parts, judge })
  origin = await startOrigin((_, response) => void response.end('secret'), '0.0.0.0')
})
afterAll(async () => {
  await strict.close()
  await staged.close()
  await origin.close()
  await servers.close()
})
beforeEach(() => {
  ;(origin.requests as unknown[]).length = 0
})

const refusedWith = (words: RegExp) => ({ kind: 'refused', words: expect.stringMatching(words) })

describe('an address written into the URL is refused', () => {
  const table: readonly (readonly [host: string, why: RegExp])[] = [
    ['127.0.0.1', /loopback/],
    ['127.255.255.254', /loopback/],
    ['127.1', /loopback/],
    ['2130706433', /loopback/],
    ['0x7f000001', /loopback/],
    ['0x7f.0.0.1', /loopback/],
    ['0177.0.0.1', /loopback/],
    ['017700000001', /loopback/],
    ['127.0.0.1.', /loopback/],
    ['①②⑦.⓪.⓪.①', /loopback/],
    ['127。0。0。1', /loopback/],
    ['%31%32%37.0.0.1', /loopback/],
    ['0', /unspecified/],
    ['0.0.0.0', /unspecified/],
    ['0.1.2.3', /unspecified|reserved/],
    ['10.0.0.1', /private/],
    ['172.16.0.1', /private/],
    ['172.31.255.255', /private/],
    ['192.168.1.1', /private/],
    ['0xc0a80101', /private/],
    ['100.64.0.1', /NAT/],
    ['100.100.100.200', /NAT/],
    ['169.254.169.254', /link-local/],
    ['2852039166', /link-local/],
    ['169.254.170.2', /link-local/],
    ['168.63.129.16', /metadata/],
    ['192.0.0.192', /reserved/],
    ['192.0.2.1', /reserved/],
    ['198.18.0.1', /reserved/],
    ['198.51.100.1', /reserved/],
    ['203.0.113.1', /reserved/],
    ['224.0.0.1', /multicast/],
    ['240.0.0.1', /reserved/],
    ['255.255.255.255', /broadcast/],
    ['[::]', /unspecified/],
    ['[::1]', /loopback/],
    ['[0:0:0:0:0:0:0:1]', /loopback/],
    ['[::ffff:127.0.0.1]', /loopback/],
    ['[::ffff:7f00:1]', /loopback/],
    ['[::ffff:169.254.169.254]', /link-local/],
    ['[::ffff:10.0.0.1]', /private/],
    ['[::127.0.0.1]', /loopback/],
    ['[::ffff:0:127.0.0.1]', /loopback/],
    ['[64:ff9b::127.0.0.1]', /loopback/],
    ['[64:ff9b::a9fe:a9fe]', /link-local/],
    ['[64:ff9b:1::7f00:1]', /reserved/],
    ['[2002:7f00:1::]', /6to4/],
    ['[2002:c0a8:101::1]', /6to4/],
    ['[2001:0:4136:e378:8000:63bf:3fff:fdd2]', /Teredo/],
    ['[fe80::1]', /link-local/],
    ['[fe80::5efe:7f00:1]', /loopback/],
    ['[2600::5efe:a00:1]', /private/],
    ['[2600::200:5efe:a00:1]', /private/],
    ['[fec0::1]', /reserved/],
    ['[fc00::1]', /private/],
    ['[fd00:ec2::254]', /private/],
    ['[ff02::1]', /multicast/],
    ['[100::1]', /reserved/],
    ['[2001:db8::1]', /reserved/],
    ['[2001:2::1]', /reserved/],
    ['[2001:10::1]', /reserved/],
    ['[3fff::1]', /reserved/],
    ['[5f00::1]', /reserved/],
    ['[4000::1]', /reserved/],
  ]
  test.each(table)('%s', async (host, why) => {
    expect(await strict.fetch(`http://${host}:${origin.port}/`)).toMatchObject(refusedWith(why))
    expect(origin.requests).toEqual([])
  })
})

describe('a URL that no feed has is refused:', () => {
  test.each([
    ['file:///etc/passwd', /neither http nor https/],
    ['ftp://feeds.example.org/a', /neither http nor https/],
    ['gopher://127.0.0.1:6379/_INFO', /neither http nor https/],
    ['data:text/xml,<rss/>', /neither http nor https/],
    ['javascript:alert(1)', /neither http nor https/],
    ['not a url', /no URL/],
    ['http://256.256.256.256/', /no URL/],
    ['http://127.0.0.1%00.example.org/', /no URL/],
    ['http://[fe80::1%25eth0]/', /no URL/],
    ['http://feeds.example.org:22/', /port 22/],
    ['http://feeds.example.org:25/', /port 25/],
    ['https://feeds.example.org:465/', /port 465/],
    ['http://feeds.example.org:3306/', /port 3306/],
    ['http://feeds.example.org:5432/', /port 5432/],
    ['http://feeds.example.org:6379/', /port 6379/],
    ['http://feeds.example.org:11211/', /port 11211/],
    ['http://localhost/', /local network/],
    ['http://LOCALHOST./', /local network/],
    ['http://loc%61lhost/', /local network/],
    ['http://feeds.localhost/', /local network/],
    ['http://printer.local/', /local network/],
    ['http://metadata.google.internal/', /local network/],
    ['http://database/', /local network/],
    ['http://router.home.arpa/', /local network/],
    ['http://feeds.example/', /leads nowhere/],
    ['http://hidden.onion/', /leads nowhere/],
  ])('%s', async (url, why) => {
    expect(await strict.fetch(url)).toMatchObject(refusedWith(why))
  })
})

describe('a name is refused when it leads', () => {
  test.each([
    ['to loopback', ['127.0.0.1'], /loopback/],
    ['to loopback in IPv6', ['::1'], /loopback/],
    ['to a mapped loopback address', ['::ffff:7f00:1'], /loopback/],
    ['to a private network', ['10.1.2.3'], /private/],
    ['to the metadata service', ['169.254.169.254'], /link-local/],
    ['to the unspecified address', ['0.0.0.0'], /unspecified/],
    ['to a public and a private address', ['93.184.215.14', '192.168.0.1'], /private/],
    ['to a public address, and a private one in IPv6', ['93.184.215.14', 'fd00::1'], /private/],
  ])('%s', async (_, addresses, why) => {
    names['trap.example.org'] = addresses
    expect(await strict.fetch(`http://trap.example.org:${origin.port}/`)).toMatchObject(refusedWith(why))
    expect(await strict.fetch(`http://TRAP.example.org.:${origin.port}/`)).toMatchObject(refusedWith(why))
    expect(origin.requests).toEqual([])
  })

  test('nowhere: that is told, not refused', async () => {
    names['nowhere.example.org'] = []
    expect(await strict.fetch('http://nowhere.example.org/')).toMatchObject({ kind: 'unknown host' })
  })
})

test('the hosts that are feeds’ own pass', () => {
  for (const address of ['93.184.215.14', '8.8.8.8', '2606:4700::1111', '64:ff9b::808:808', '::ffff:8.8.8.8'])
    expect(refusedAddress(address)).toBe(null)
})

test('local trials reach loopback and private networks, never metadata, multicast or tunnels', () => {
  for (const address of ['127.0.0.1', '::1', '10.0.0.1', '192.168.0.1', 'fd00::1', '100.64.0.1', '::ffff:127.0.0.1'])
    expect(refusedAddress(address, true)).toBe(null)
  for (const address of ['169.254.169.254', '168.63.129.16', '0.0.0.0', '::', '224.0.0.1', 'fe80::1', '2002:7f00:1::'])
    expect(refusedAddress(address, true)).not.toBe(null)
})

describe('a name whose answers change between check and use', () => {
  test('is asked once, and the address that was judged is the one connected to', async () => {
    names['rebind.example.org'] = [['127.0.0.1'], ['127.0.0.2']]
    const answer = await staged.fetch(`http://rebind.example.org:${origin.port}/`)
    expect(answer).toMatchObject({ status: 200 })
    expect(servers.asked.filter((name) => name === 'rebind.example.org')).toHaveLength(1)
    expect(origin.requests.map((request) => request.socket.localAddress)).toEqual(['127.0.0.1'])
  })

  test('is refused at the next connection when it leads elsewhere by then', async () => {
    names['turncoat.example.org'] = [['127.0.0.1'], ['127.0.0.2']]
    const other = await startOrigin((_, response) => void response.end(), '0.0.0.0')
    expect(await staged.fetch(`http://turncoat.example.org:${origin.port}/`)).toMatchObject({ status: 200 })
    const second = await staged.fetch(`http://turncoat.example.org:${other.port}/`)
    expect(second).toMatchObject(refusedWith(/loopback/))
    expect(other.requests).toEqual([])
    await other.close()
  })
})

describe('a redirect is judged as a request is:', () => {
  test.each([
    ['to loopback', () => `http://127.0.0.2:${origin.port}/`, /leads on.*loopback/],
    ['to loopback in decimal', () => `http://2130706434:${origin.port}/`, /loopback/],
    ['to loopback in octal', () => `http://0177.0.0.2:${origin.port}/`, /loopback/],
    ['to a mapped address', () => `http://[::ffff:127.0.0.2]:${origin.port}/`, /loopback/],
    ['without a scheme', () => `//127.0.0.2:${origin.port}/`, /loopback/],
    ['to the metadata service', () => 'http://169.254.169.254/latest/meta-data/', /link-local/],
    ['to a local name', () => 'http://localhost/', /local network/],
    ['to a name that leads to loopback', () => 'http://inside.example.org/', /loopback/],
    ['to a file', () => 'file:///etc/passwd', /neither http nor https/],
    ['to a mail server', () => 'http://127.0.0.1:25/', /port 25/],
  ])('%s', async (_, location, why) => {
    names['front.example.org'] = ['127.0.0.1']
    names['inside.example.org'] = ['127.0.0.2']
    const front = await startOrigin((_, response) => void response.writeHead(302, { location: location() }).end())
    const outcome = await staged.fetch(`http://front.example.org:${front.port}/`)
    expect(outcome).toMatchObject(refusedWith(why))
    expect(front.requests).toHaveLength(1)
    expect(origin.requests).toEqual([])
    await front.close()
  })

  test('to loopback, three hops later', async () => {
    names['front.example.org'] = ['127.0.0.1']
    const front = await startOrigin((request, response) => {
      const step = Number(request.url?.slice(1))
      const location = step < 3 ? `/${step + 1}` : `http://127.0.0.2:${origin.port}/`
      response.writeHead(301, { location }).end()
    })
    expect(await staged.fetch(`http://front.example.org:${front.port}/0`)).toMatchObject(refusedWith(/loopback/))
    expect(front.requests).toHaveLength(4)
    expect(origin.requests).toEqual([])
    await front.close()
  })
})

test('proxies of the environment play no part', async () => {
  const proxy = await startOrigin((_, response) => void response.end('proxied'))
  const before = { ...process.env }
  for (const variable of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY']) process.env[variable] = proxy.url
  process.env.NODE_USE_ENV_PROXY = '1'
  const outbound = createOutbound({ userAgent: 'test', allowPrivate: true })
  const answer = await outbound.fetch(`http://127.0.0.1:${origin.port}/`)
  expect(isFailed(answer) ? answer : answer.body.toString()).toBe('secret')
  expect(proxy.requests).toEqual([])
  await outbound.close()
  await proxy.close()
  process.env = before
})
