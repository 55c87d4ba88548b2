export { mergeSave, type SaveEdit, save } from './decider.ts'
export { saves } from './projection.ts'
export { type SaveRow, saveOut, showSave } from './shown.ts'
