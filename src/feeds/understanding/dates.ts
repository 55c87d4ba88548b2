/** Offsets of named zones in minutes; RFC 822 has the first ones, the others are met in feeds. */
const zones: Readonly<Record<string, number>> = {
  ...{ z: 0, ut: 0, utc: 0, gmt: 0, est: -300, edt: -240, cst: -360, cdt: -300, mst: -420, mdt: -360, pst: -480 },
  ...{ pdt: -420, akst: -540, akdt: -480, hst: -600, ast: -240, adt: -180, wet: 0, west: 60, bst: 60, ist: 330 },
  ...{ cet: 60, cest: 120, mez: 60, mesz: 120, met: 60, mest: 120, eet: 120, eest: 180, msk: 180, jst: 540 },
  ...{ kst: 540, hkt: 480, sgt: 480, awst: 480, acst: 570, aest: 600, aedt: 660, nzst: 720, nzdt: 780, brt: -180 },
}

/** Months by how their names begin in English, French, German, Spanish, Italian, Portuguese and Dutch. */
const months: readonly [RegExp, number][] = [
  [/^(?:jan|ene|gen)/, 0],
  [/^(?:feb|f[ée]v)/, 1],
  [/^(?:mar|m[äa]r|mrt|maa|mär)/, 2],
  [/^(?:apr|avr|abr)/, 3],
  [/^(?:may|mai|mag|mei)/, 4],
  [/^(?:jun|juin|giu)/, 5],
  [/^(?:jul|juil|lug)/, 6],
  [/^(?:aug|ao[uû]|ago)/, 7],
  [/^(?:sep|set)/, 8],
  [/^(?:oct|okt|out|ott)/, 9],
  [/^nov/, 10],
  [/^(?:dec|d[ée]c|dez|dic)/, 11],
]

const clock = '(\\d{1,2}):(\\d{1,2})(?::(\\d{1,2})(?:[.,](\\d{1,9}))?)?\\s*([ap]\\.?m\\.?)?'
const zone =
  '\\s*\\(?([a-z]{1,5}(?:[+-]\\d{1,4})?|(?:gmt|utc)?\\s*[+−-]\\s*\\d{1,2}:?\\d{0,2})?\\)?(?:\\s+[a-z]{2,5})?(?:\\s*\\([^()]*\\))?'
const at = `(?:[\\s,t]+(?:at|à|um)?\\s*${clock}${zone})?`
const word = '([a-zà-ÿ]{3,12})\\.?'
const weekday = '(?:[a-zà-ÿ]{2,12}(?:\\.?,\\s*|\\.?\\s+))?'

/** `Mon, 07 Jan 2019 18:12:17 +0100`, `7. Januar 2019`, `07-Jan-19 18:12`. */
const dayFirst = new RegExp(
  `^${weekday}(\\d{1,2})(?:\\.|st|nd|rd|th|er)?[\\s-]+(?:de\\s+)?${word},?[\\s-]+(?:de\\s+)?(\\d{2}|\\d{4})${at}$`,
)
/** `Monday, January 7, 2019 6:12 PM`. */
const monthFirst = new RegExp(`^${weekday}${word}\\s+(\\d{1,2})(?:st|nd|rd|th)?,?\\s+(\\d{4})${at}$`)
/** `Mon Jan  7 18:12:17 CET 2019`, as Unix writes it. */
const yearLast = new RegExp(`^${weekday}${word}\\s+(\\d{1,2})\\s+${clock}${zone}\\s+(\\d{4})$`)
/** `2019-01-07T18:12:17+01:00` and what else begins with the year; a date or month may end it. */
const yearFirst = new RegExp(`^(\\d{4})(?:[-/.](\\d{1,2})(?:[-/.](\\d{1,2})${at.replace('[\\s,t]+', '[\\s,t:]+')})?)?$`)
const compact = /^(\d{4})(\d{2})(\d{2})(?:t?(\d{2})(\d{2})(\d{2})?(z|[+-]\d{2}:?\d{2})?)?$/
/** `1/7/2019 6:12 PM` has the month first, `27.1.2019` and `27/1/2019` the day. */
const numeric = new RegExp(`^(\\d{1,2})([/.-])(\\d{1,2})[/.-](\\d{4})${at}$`)

interface Parts {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour?: string | undefined
  readonly minute?: string | undefined
  readonly second?: string | undefined
  readonly fraction?: string | undefined
  readonly half?: string | undefined
  readonly zone?: string | undefined
}

/**
 * Milliseconds since 1970 of a date in any form seen in the wild: RFC 822 and 2822 with weekdays that are wrong, years
 * of two digits, months in other languages and zones by name; ISO 8601 in all its lengths; seconds since 1970. A date
 * without a zone is taken for UTC. Null for what is no date, and for years before 1900 or after 2199.
 */
export function readDate(text: string | null): number | null {
  const written = (text ?? '').trim().toLowerCase().replace(/\s+/g, ' ').slice(0, 100)
  if (/^\d{9,10}$/.test(written)) return Number(written) * 1000
  if (/^\d{13}$/.test(written)) return Number(written)
  const parts = read(written)
  return parts === null ? null : instant(parts)
}

const monthOf = (name: string | undefined): number => months.find(([start]) => start.test(name ?? ''))?.[1] ?? -1

const yearOf = (digits: string | undefined): number => {
  const year = Number(digits)
  if (digits?.length !== 2) return year
  return year < 70 ? 2000 + year : 1900 + year
}

function read(text: string): Parts | null {
  const day = dayFirst.exec(text)
  if (day) return { ...timeFrom(day, 4), year: yearOf(day[3]), month: monthOf(day[2]), day: Number(day[1]) }
  const month = monthFirst.exec(text)
  if (month) return { ...timeFrom(month, 4), year: Number(month[3]), month: monthOf(month[1]), day: Number(month[2]) }
  const last = yearLast.exec(text)
  if (last) return { ...timeFrom(last, 3), year: Number(last[9]), month: monthOf(last[1]), day: Number(last[2]) }
  const year = yearFirst.exec(text)
  if (year)
    return { ...timeFrom(year, 4), year: Number(year[1]), month: Number(year[2] ?? 1) - 1, day: Number(year[3] ?? 1) }
  const tight = compact.exec(text)
  if (tight) {
    const [, y, m, d, hour, minute, second, zone] = tight
    return { year: Number(y), month: Number(m) - 1, day: Number(d), hour, minute, second, zone }
  }
  const numbers = numeric.exec(text)
  if (!numbers) return null
  const [one, other] = [Number(numbers[1]), Number(numbers[3])]
  const monthLeads = numbers[2] === '/' && one <= 12
  const [m, d] = monthLeads ? [one, other] : [other, one]
  return { ...timeFrom(numbers, 5), year: Number(numbers[4]), month: m - 1, day: d }
}

function timeFrom(match: RegExpExecArray, from: number): Pick<Parts, 'hour' | 'minute' | 'second' | 'half' | 'zone'> {
  const [hour, minute, second, fraction, half, zone] = match.slice(from)
  return { hour, minute, second, half, zone, ...(fraction !== undefined && { fraction }) }
}

function instant(parts: Parts): number | null {
  const { year, month, day } = parts
  const offset = offsetOf(parts.zone)
  if (offset === null || year < 1900 || year > 2199 || month < 0 || month > 11) return null
  if (day < 1 || day > new Date(Date.UTC(year, month + 1, 0)).getUTCDate()) return null
  let hour = Number(parts.hour ?? 0)
  if (parts.half) hour = (hour % 12) + (parts.half.startsWith('p') ? 12 : 0)
  const minute = Number(parts.minute ?? 0)
  const second = Number(parts.second ?? 0)
  // 24:00 is the day's end, and 60 a leap second.
  if (hour > 24 || minute > 59 || second > 60) return null
  const millisecond = Math.floor(Number(`0.${parts.fraction ?? 0}`) * 1000)
  return Date.UTC(year, month, day, hour, minute, second, millisecond) - offset * 60_000
}

/** Minutes east of Greenwich; a zone nobody knows counts as UTC, since the day is right at least. */
function offsetOf(zone: string | undefined): number | null {
  if (!zone) return 0
  const shift = /^(?:gmt|utc)?\s*([+−-])\s*(\d{1,2}):?(\d{2})?$/.exec(zone)
  if (!shift) return zones[zone.replace(/[+-].*$/, '')] ?? 0
  const minutes = Number(shift[2]) * 60 + Number(shift[3] ?? 0)
  if (minutes > 15 * 60) return 0
  return shift[1] === '+' ? minutes : -minutes
}
