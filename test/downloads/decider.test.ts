import { describe, expect, test } from 'vitest'
import { type DownloadEdit, download } from '../../src/downloads/decider.ts'
import { commanded, empty, noon, phone, tablet } from '../kernel/stream.ts'

const act = (action: DownloadEdit['action'], at: number) => () => ({ podcast: 'podcast-1', action, at: noon + at })

describe('what devices do with an episode', () => {
  test('is kept for each kind of action, the newest', () => {
    const downloaded = commanded(download, empty(download), phone, act('download', 0))
    const deleted = commanded(download, downloaded, tablet, act('delete', 10))
    const again = commanded(download, deleted, tablet, act('download', 20))
    expect(again.state?.done).toMatchObject({
      download: { at: noon + 20, device: 'tablet' },
      delete: { at: noon + 10, device: 'tablet' },
    })
  })

  test('is no news when it is older than what is known, or the same', () => {
    const known = commanded(download, empty(download), phone, act('new', 10))
    for (const at of [5, 10]) expect(commanded(download, known, tablet, act('new', at)).events).toEqual(known.events)
  })
})
