import type { ShownAction } from '../gpodder/index.ts'

/** An action as a Nextcloud tells it: every number is there, -1 where it is unset. */
export interface ToldAction extends Omit<ShownAction, 'device'> {
  readonly started: number
  readonly position: number
  readonly total: number
}

const unset = -1

export function tellAction({ device: _, ...action }: ShownAction): ToldAction {
  const { started = unset, position = unset, total = unset } = action
  return { ...action, action: action.action.toUpperCase(), started, position, total }
}
