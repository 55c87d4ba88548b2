const codes =
  'af ar bg bn ca cs cy da de el en es et eu fa fi fr ga gl he hi hr hu id is it ja ko lt lv ms nb nl no pl pt ro ru sk sl sq sr sv ta te th tr uk ur vi zh'

/** Names of languages in English, French and themselves; some feeds say `Français`. */
let byName: ReadonlyMap<string, string> | undefined

function named(name: string): string | undefined {
  byName ??= new Map(
    codes.split(' ').flatMap((code) =>
      ['en', 'fr', code].map((reader) => {
        const said = new Intl.DisplayNames(reader, { type: 'language' }).of(code) ?? code
        return [said.toLowerCase(), code] as const
      }),
    ),
  )
  return byName.get(name)
}

/**
 * A language tag as BCP 47 writes it: `en-US` for `en_us`, `fr` for `Français`. Null for what is none. Of several the
 * first counts.
 */
export function readLanguage(text: string | null): string | null {
  const first =
    (text ?? '')
      .split(/[,;]/)[0]
      ?.trim()
      .replace(/\s*\(.*$/, '') ?? ''
  if (first === '' || first.length > 35) return null
  const tag = first.replaceAll('_', '-').replace(/-+$/, '')
  if (!/^[a-z]{2,3}(?:-|$)/i.test(tag)) return named(first.toLowerCase()) ?? null
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null
  } catch {
    return null
  }
}
