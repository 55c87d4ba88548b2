/** Places of which each holder may take so many at once. */
export interface Places<Holder> {
  /** What gives the place back, once however often it is called; null where there is none left. */
  take(holder: Holder): (() => void) | null
}

export function createPlaces<Holder>(most: number): Places<Holder> {
  const taken = new Map<Holder, number>()
  return {
    take(holder) {
      const count = taken.get(holder) ?? 0
      if (count >= most) return null
      taken.set(holder, count + 1)
      let held = true
      return () => {
        if (!held) return
        held = false
        const left = (taken.get(holder) ?? 0) - 1
        if (left > 0) taken.set(holder, left)
        else taken.delete(holder)
      }
    },
  }
}
