const form = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)? *(?:Z|([+-]\d\d):?(\d\d))?$/i
const earliest = Date.UTC(1990, 0, 1)

/**
 * A time as clients send it, with or without zone, fractions and offset, or as seconds since 1970. Null for what is
 * none.
 */
export function readTime(sent: unknown): number | null {
  const at = typeof sent === 'number' ? sent * 1000 : typeof sent === 'string' ? parse(sent.trim()) : Number.NaN
  return at >= earliest ? Math.floor(at) : null
}

function parse(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000
  const [, day, time, fraction = '', hours, minutes] = text.match(form) ?? []
  return Date.parse(`${day}T${time}${fraction}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`)
}

/** As `yyyy-MM-ddTHH:mm:ss`, in UTC and without saying so: Kasts reads exactly that. */
export const writeTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19)
