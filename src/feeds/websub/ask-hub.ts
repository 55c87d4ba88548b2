import { type Answered, type Failed, isFailed, type Outbound } from '../../outbound/fetch.ts'

/** Why a hub did not take what it was asked; null when it did. */
export type AskHub = (
  hub: string,
  fields: Readonly<Record<string, string>>,
) => Promise<{ readonly words: string; readonly gone: boolean } | null>

const limits = { whole: 20_000, bytes: 65_536 }
/** A hub may lead to another one by 307 or 308 (WebSub, 5.2). */
const mostRedirects = 3

const wordsOf = ({ status }: Answered): string => {
  if (status === 410) return 'its hub is gone for good (410)'
  if (status >= 300 && status < 400) return `its hub leads elsewhere (${status})`
  return status >= 500 ? `its hub is in trouble (${status})` : `its hub does not take it (${status})`
}

const nextOf = ({ status, headers, url }: Answered): string | null =>
  (status === 307 || status === 308) && headers.location !== undefined
    ? (URL.parse(headers.location, url)?.href ?? null)
    : null

/** Sends a form to a hub. Each address it leads on to is judged like the first. */
export const createAskHub =
  (outbound: Outbound): AskHub =>
  async (hub, fields) => {
    const body = new URLSearchParams(fields).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    let at = hub
    let answer: Answered | Failed
    for (let redirects = 0; ; redirects++) {
      answer = await outbound.fetch(at, { headers, body, limits })
      if (isFailed(answer)) {
        return {
          words: `its hub can’t be asked: ${redirects > 0 ? 'it leads on, and ' : ''}${answer.words}`,
          gone: false,
        }
      }
      const next = nextOf(answer)
      if (next === null || redirects >= mostRedirects) break
      at = next
    }
    if (answer.status >= 200 && answer.status < 300) return null
    return { words: wordsOf(answer), gone: answer.status === 410 }
  }
