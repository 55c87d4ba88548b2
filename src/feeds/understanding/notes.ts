import type { Note } from '../shapes.ts'

/** Collects what is odd about one document: the same oddity met a thousand times is one note. */
export interface NoteTaker {
  /** @param where `item 3`; null for the whole document */
  note(what: string, where?: string | null): void
  list(): readonly Note[]
}

/** More kinds of oddities than any real document has: some are named by words of the document. */
const mostKinds = 50

export function createNotes(): NoteTaker {
  const taken = new Map<string, { what: string; times: number; where: string | null }>()
  return {
    note: (what, where = null) => {
      const known = taken.get(what)
      if (known) known.times += 1
      else if (taken.size < mostKinds) taken.set(what, { what, times: 1, where })
    },
    list: () => [...taken.values()],
  }
}
