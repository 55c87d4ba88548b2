/** Nothing longer is one recording: such a number counts milliseconds or bytes. */
const longest = 1_000_000

const unit = {
  hours: '(?:h(?:ours?|rs?|eures?)?|std|stunden?|horas?|ore)',
  minutes: "(?:m(?:in(?:ute|uto)?[sn]?)?|')",
  seconds: '(?:s(?:ec(?:ond[eo]?)?s?)?|sek(?:unden?)?|segundos?|")',
}
const number = '(\\d{1,9}(?:[.,]\\d{1,9})?)'
const spelled = new RegExp(
  `^(?:${number}\\s*${unit.hours}\\.?)?[\\s,]*(?:${number}\\s*${unit.minutes}\\.?)?[\\s,]*(?:${number}\\s*${unit.seconds}\\.?)?$`,
)
/** `1h02`: hours, and minutes without their unit. */
const shortHours = /^(\d{1,4})\s*h\s*(\d{1,2})$/
const iso =
  /^p(?:(\d{1,9})d)?(?:t(?:(\d{1,9}(?:\.\d{1,9})?)h)?(?:(\d{1,9}(?:\.\d{1,9})?)m)?(?:(\d{1,9}(?:\.\d{1,9})?)s)?)?$/
const clock = /^(?:\d{1,9})?(?::\d{1,9}){1,2}(?:[.,]\d{1,9})?$/
const plain = /^\d{1,15}(?:[.,]\d{1,9})?$/

const value = (digits: string | undefined): number => Number((digits ?? '0').replace(',', '.'))

/**
 * Seconds, whole, of a duration in any form seen in the wild: `3600`, `3600.5`, `1:02:03`, `62:03`, `:45`, `1h 2m`,
 * `62 min`, `1 heure 2 minutes`, `PT1H2M3S`. Null for anything else, and for no time at all.
 */
export function readDuration(text: string | null): number | null {
  const written = tidy(text ?? '')
  const seconds = secondsOf(written)
  if (seconds === null) return null
  const whole = Math.round(seconds)
  return whole > 0 && whole < longest ? whole : null
}

/** Digits of other scripts and wide colons in their plain form. */
function tidy(text: string): string {
  const short = text.trim().slice(0, 100)
  if (/^[\d:]*$/.test(short)) return short
  return short
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
    .replace(/[’′]/g, "'")
    .replace(/[”″]/g, '"')
    .replace(/\s*:\s*/g, ':')
}

function secondsOf(written: string): number | null {
  if (plain.test(written)) return value(written)
  if (clock.test(written)) return written.split(':').reduce((sum, part) => sum * 60 + value(part || '0'), 0)
  const short = shortHours.exec(written)
  if (short) return value(short[1]) * 3600 + value(short[2]) * 60
  const parts = iso.exec(written)
  if (parts) return value(parts[1]) * 86400 + value(parts[2]) * 3600 + value(parts[3]) * 60 + value(parts[4])
  const said = spelled.exec(written)
  return said && written !== '' ? value(said[1]) * 3600 + value(said[2]) * 60 + value(said[3]) : null
}
