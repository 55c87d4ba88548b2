export { type DownloadAction, type DownloadEdit, download, downloadActions } from './decider.ts'
