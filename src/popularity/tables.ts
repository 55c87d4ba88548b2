import type { Statement } from '../database/store.ts'

/**
 * Where public read models stand: those that are read, or those that a rebuild makes beside them and then puts in
 * their place.
 */
export type Place = 'projections' | 'projections_beside'

/** Statements for tables in either place, each under a name of its own: made once, as a connection parses them once. */
export function inEither<S extends Readonly<Record<string, Statement>>>(
  make: (place: Place) => S,
): (place: Place) => S {
  const named = (place: Place): S => {
    const made = Object.entries(make(place)).map(([key, { name, text }]) => [key, { name: `${name}-${place}`, text }])
    return Object.fromEntries(made) as S
  }
  const both = { projections: named('projections'), projections_beside: named('projections_beside') }
  return (place) => both[place]
}
