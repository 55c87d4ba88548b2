import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/*
 * The part a real app does not have: the person. An app opens the authorization URL in a browser; here a browser
 * without JavaScript logs in and allows, so that the example runs by itself.
 */

export interface Person {
  readonly username: string
  readonly password: string
}

/** The account of the environment, or one made for this run beside the running server. */
export async function findPerson(): Promise<Person> {
  const { BALADOS_USER: username, BALADOS_PASSWORD: password } = process.env
  if (username && password) return { username, password }
  if (username || password) throw new Error('Set both BALADOS_USER and BALADOS_PASSWORD, or neither.')
  const made = {
    username: `example_${randomBytes(4).toString('hex')}`,
    password: randomBytes(12).toString('base64url'),
  }
  const command = spawn('npm', ['run', '-s', 'balados', '--', 'user', 'add', made.username], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['pipe', 'ignore', 'pipe'],
    shell: process.platform === 'win32',
  })
  command.stdin.end(`${made.password}\n`)
  const [code, said] = await Promise.all([
    new Promise<number | null>((resolve, reject) => command.once('error', reject).once('close', resolve)),
    text(command.stderr),
  ])
  if (code !== 0) throw new Error(`No account could be made; set BALADOS_USER and BALADOS_PASSWORD.\n${said.trim()}`)
  return made
}

interface Page {
  readonly url: URL
  readonly html: string
}

/** Opens the URL, logs in where asked to, allows, and answers where the browser was sent then. */
export async function allowInBrowser(url: string, { username, password }: Person): Promise<string> {
  const server = new URL(url).origin
  const cookies = new Map<string, string>()

  /** Follows redirects within the site; a redirect to elsewhere is what we came for. */
  async function open(to: URL, form?: URLSearchParams): Promise<Page | string> {
    const answer = await fetch(to, {
      redirect: 'manual',
      headers: {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form ? { origin: server } : {}),
      },
      ...(form ? { method: 'POST', body: form } : {}),
    })
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      cookies.set(name, value)
    }
    const html = await answer.text()
    const location = answer.headers.get('location')
    if (location === null) return { url: to, html }
    const next = new URL(location, to)
    return next.origin === server ? open(next) : next.href
  }

  /** Fills in the form of the page that has these fields, its hidden ones included. */
  function submit({ url: here, html }: Page, fields: Record<string, string>): Promise<Page | string> {
    const names = Object.keys(fields)
    const form = html.match(/<form[\s\S]*?<\/form>/g)?.find((f) => names.every((name) => f.includes(`name="${name}"`)))
    if (!form) throw new Error(`the page at ${here.pathname} asks for something else: ${words(html)}`)
    const values = new URLSearchParams()
    for (const [input] of form.matchAll(/<input type="hidden"[^>]*>/g))
      values.set(attribute(input, 'name'), attribute(input, 'value'))
    for (const [name, value] of Object.entries(fields)) values.set(name, value)
    return open(new URL(attribute(form, 'action'), here), values)
  }

  let page = await open(new URL(url))
  if (typeof page !== 'string' && page.url.pathname === '/users/log_in')
    page = await submit(page, { username, password })
  if (typeof page !== 'string') page = await submit(page, { decision: 'allow' })
  if (typeof page !== 'string') throw new Error(`the app could not be allowed: ${words(page.html)}`)
  return page
}

function attribute(tag: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? ''
  return value.replace(/&(quot|#39|lt|gt|amp);/g, (_, entity: string) => entities[entity] ?? '')
}

const entities: Record<string, string> = { quot: '"', '#39': "'", lt: '<', gt: '>', amp: '&' }

/** What a page says, for an error. */
const words = (html: string): string =>
  (/<main[\s\S]*?<\/main>/.exec(html)?.[0] ?? html)
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .slice(0, 300)
