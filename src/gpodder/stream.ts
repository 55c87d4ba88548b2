import { Readable } from 'node:stream'
import type { ShownAction, Told } from './tell.ts'

/** More than this many actions are sent by and by. */
const few = 1_000

/**
 * The body of an answer that tells actions: text where there are few of them, else a stream that reads no faster than
 * the client does. A stream that breaks off is no JSON. `done` is called once everything was handed over: who goes away
 * in the middle was told nothing.
 */
export async function writeActions({ timestamp, actions }: Told, done: () => void): Promise<string | Readable> {
  const batches = actions[Symbol.asyncIterator]()
  const first: ShownAction[] = []
  for (;;) {
    const { value, done: atEnd } = await batches.next()
    if (atEnd) {
      done()
      return `{"timestamp":${timestamp},"actions":${JSON.stringify(first)}}`
    }
    first.push(...value)
    if (first.length > few) return Readable.from(chunks(timestamp, first, batches, done), { objectMode: false })
  }
}

async function* chunks(
  timestamp: number,
  first: readonly ShownAction[],
  rest: AsyncIterator<readonly ShownAction[]>,
  done: () => void,
): AsyncGenerator<string> {
  try {
    yield `{"timestamp":${timestamp},"actions":[${textOf(first)}`
    for (;;) {
      const { value, done: atEnd } = await rest.next()
      if (atEnd) break
      if (value.length > 0) yield `,${textOf(value)}`
    }
    done()
    yield ']}'
  } finally {
    await rest.return?.()
  }
}

const textOf = (actions: readonly ShownAction[]): string => JSON.stringify(actions).slice(1, -1)
