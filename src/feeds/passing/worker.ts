import { move, transferableSymbol, valueSymbol } from 'piscina'
import { type Asked, passedOn } from './document.ts'

/** What a thread of `proxy.ts` does. The bytes change hands without being copied. */
export default function pass(asked: Asked): unknown {
  const passed = passedOn(asked)
  if (passed === null || 'refused' in passed) return passed
  return move({ [transferableSymbol]: [passed.bytes.buffer], [valueSymbol]: passed })
}
