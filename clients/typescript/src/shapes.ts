/*
 * Shapes of what goes over the wire. Each is a type for the compiler and a text for the test that compares it with the
 * server's OpenAPI document; nothing is validated when the client runs, so that a newer server may say more.
 */

declare const means: unique symbol

/** A value of type `T`; `says` is how the document's schema of it reads. */
export interface Shape<T> {
  readonly says: string
  readonly optional?: true
  readonly [means]?: T
}

export interface Optional<T> extends Shape<T> {
  readonly optional: true
}

export type Fields = Readonly<Record<string, Shape<unknown>>>
export type TypeOf<S> = S extends Shape<infer T> ? T : never

type OptionalName<F extends Fields> = { [K in keyof F]: F[K] extends { optional: true } ? K : never }[keyof F]
/** An object with these fields. */
export type ObjectOf<F extends Fields> = {
  -readonly [K in Exclude<keyof F, OptionalName<F>>]: TypeOf<F[K]>
} & { -readonly [K in OptionalName<F>]?: TypeOf<F[K]> | undefined }

export const text: Shape<string> = { says: 'string' }
export const integer: Shape<number> = { says: 'integer' }
export const number: Shape<number> = { says: 'number' }
export const boolean: Shape<boolean> = { says: 'boolean' }

export const oneOf = <const T extends string>(...values: readonly T[]): Shape<T> => ({
  says: union(values.map((value) => JSON.stringify(value))),
})

export const either = <A, B>(a: Shape<A>, b: Shape<B>): Shape<A | B> => ({ says: union([a.says, b.says]) })
export const nullable = <T>(shape: Shape<T>): Shape<T | null> => ({ says: union([shape.says, 'null']) })
export const list = <T>(of: Shape<T>): Shape<T[]> => ({ says: `Array<${of.says}>` })
export const record: Shape<Record<string, unknown>> = { says: 'Record<anything>' }
export const optional = <T>(shape: Shape<T>): Optional<T> => ({ ...shape, optional: true })
export const object = <F extends Fields>(fields: F): Shape<ObjectOf<F>> => ({ says: saysOf(fields) })

/** How an object's schema reads, whatever the order of its fields. */
export function saysOf(fields: Fields): string {
  const names = Object.keys(fields).sort()
  return `{ ${names.map((name) => `${name}${fields[name]?.optional ? '?' : ''}: ${fields[name]?.says}`).join('; ')} }`
}

const union = (parts: readonly string[]): string => [...new Set(parts)].sort().join(' | ')
