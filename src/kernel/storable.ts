/** Cheap over JSON text: only an escape can bring a NUL or half a surrogate pair into a parsed string. */
export const mayBeUnstorable = (json: string): boolean => /\\u(?:0000|d[89a-f])/i.test(json)

/** The dotted path of the first text in `value` that PostgreSQL can't hold. Not recursive: nesting may be deep. */
export function unstorable(value: unknown): string | undefined {
  const left: { path: string; value: unknown }[] = [{ path: '', value }]
  for (let next = left.pop(); next; next = left.pop()) {
    const { path, value: at } = next
    if (typeof at === 'string' && !storable(at)) return path
    if (typeof at !== 'object' || at === null) continue
    for (const [key, child] of Object.entries(at)) {
      const childPath = path === '' ? key : `${path}.${key}`
      if (!storable(key)) return childPath
      left.push({ path: childPath, value: child })
    }
  }
  return undefined
}

function storable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}
