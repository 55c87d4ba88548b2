export { type DownloadAction, download, downloadActions } from './decider.ts'
