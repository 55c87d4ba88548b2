/** Things that happen at every request and are worth one write a minute, not one a request. */
export interface Notes<T> {
  /** Keeps it in memory; costs no I/O. */
  note(thing: T): void
  /** Writes what was noted since the last time, after whatever is being written already. */
  flush(): Promise<void>
}

export interface NotesParts<T> {
  /** Things of one key are written as one. */
  keyOf(thing: T): string
  /** What two things of one key come to, whichever was first. */
  both(one: T, other: T): T
  /** Writes all of them in one statement, in their order: by key, so that two processes don't wait in a circle. */
  write(things: readonly T[]): Promise<void>
}

/** Collects notes until they are flushed. What could not be written stays, for the next time. */
export function createNotes<T>({ keyOf, both, write }: NotesParts<T>): Notes<T> {
  let noted = new Map<string, T>()
  let writing: Promise<unknown> = Promise.resolve()

  function note(thing: T): void {
    const key = keyOf(thing)
    const before = noted.get(key)
    noted.set(key, before === undefined ? thing : both(before, thing))
  }

  async function writeOut(): Promise<void> {
    if (noted.size === 0) return
    const things = [...noted].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, thing]) => thing)
    noted = new Map()
    try {
      await write(things)
    } catch (error) {
      things.forEach(note)
      throw error
    }
  }

  return {
    note,
    flush: () => {
      const written = writing.then(writeOut)
      writing = written.catch(() => {})
      return written
    },
  }
}
