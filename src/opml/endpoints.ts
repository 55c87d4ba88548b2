import { z } from 'zod'
import { grants } from '../accounts/index.ts'
import { uuid } from '../http/schemas.ts'
import { answer, type Endpoint, endpoint } from '../kernel/endpoint.ts'
import { isRefusal, refuse } from '../kernel/refusal.ts'
import { type ExportParts, exportHeaders, exportOpml, opmlType } from './exporting.ts'
import type { Imports } from './imports.ts'
import { readFile } from './reading.ts'
import { importOut, showImport } from './shown.ts'

/** Bytes of a file. */
export const largestFile = 4 * 1024 * 1024
/** Imports that are shown at once. */
const mostShown = 50

export interface OpmlParts extends ExportParts {
  readonly imports: Imports
  /** Lets a worker look at what is in line. */
  readonly wake: () => Promise<void>
}

const example = `<opml version="2.0"><head><title>Podcasts</title></head><body>
<outline text="Mornings"><outline type="rss" text="A podcast" xmlUrl="https://feeds.example/a.rss"/></outline>
</body></opml>`

const document = z.string().meta({ examples: [example] })
const importIn = z.object({ import: importOut })
const common = { tag: 'Subscriptions' } as const

export function opmlEndpoints(parts: OpmlParts): readonly Endpoint[] {
  const { imports, wake, clock } = parts
  return [
    endpoint({
      ...common,
      method: 'get',
      path: '/subscriptions/export.opml',
      summary: 'The podcasts the listener follows, as an OPML file',
      description:
        'Collections are folders for an app that may see them (`user.collections.read`); the podcasts of the default ' +
        'collection stand before them, in no folder. Others get a plain list.',
      scope: 'user.subscriptions.read',
      limit: 10,
      answers: { 200: document },
      answerType: opmlType,
      async handle({ caller }) {
        const file = await exportOpml(parts, caller, grants(caller.scopes, 'user.collections.read'))
        return answer(200, file, exportHeaders)
      },
    }),
    endpoint({
      ...common,
      method: 'post',
      path: '/subscriptions/import',
      summary: 'Follow the podcasts of an OPML file',
      description:
        'Folders become collections, those in folders by all their names: `News / Local`; a folder with the title of a ' +
        'collection adds to it. Files with folders need `user.collections.write` too. The answer comes at once; ask for ' +
        'the import to see how far it is. No podcast that can not be taken over stands in the way of the others.',
      scope: 'user.subscriptions.write',
      limit: 10,
      body: document,
      bodyTypes: [opmlType, 'application/xml'],
      bodyLimit: largestFile,
      answers: { 202: importIn },
      refusals: ['conflict'],
      async handle({ body, caller, origin }) {
        const file = await readFile(body)
        if (isRefusal(file)) return file
        if (file.hasFolders && !grants(caller.scopes, 'user.collections.write'))
          return refuse(
            'forbidden',
            'A file with folders needs the scope user.collections.write, which the app was not granted.',
          )
        const added = await imports.add(origin.user, origin.author, file, clock())
        if (isRefusal(added)) return added
        await wake()
        return answer(202, { import: showImport(added) })
      },
    }),
    endpoint({
      ...common,
      method: 'get',
      path: '/subscriptions/import/{id}',
      summary: 'How far an import is',
      description: 'Remembered for 30 days.',
      scope: ['user.subscriptions.read', 'user.subscriptions.write'],
      limit: 100,
      params: z.object({ id: uuid }),
      answers: { 200: importIn },
      async handle({ caller, params }) {
        const found = await imports.find(caller.user, params.id)
        return found ? answer(200, { import: showImport(found) }) : refuse('not_found', 'There is no such import.')
      },
    }),
    endpoint({
      ...common,
      method: 'get',
      path: '/subscriptions/import',
      summary: 'The imports of the last 30 days',
      description: `The newest first, at most ${mostShown}.`,
      scope: ['user.subscriptions.read', 'user.subscriptions.write'],
      limit: 100,
      answers: { 200: z.object({ imports: z.array(importOut) }) },
      async handle({ caller }) {
        const found = await imports.list(caller.user, mostShown)
        return answer(200, { imports: found.map(showImport) })
      },
    }),
  ]
}
