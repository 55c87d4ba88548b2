/**
 * Who may import whom (docs/adr/0002-tools-that-gate.md). `test/house/rules.test.ts` plants a violation of every rule
 * below and fails for a rule without one.
 */
import { Visitor } from '@swc/core/Visitor.js'

/*
 * dependency-cruiser 18 reads TypeScript through the compiler's API, which TypeScript 7 no longer has, and then skips
 * `.ts` without a word. So swc parses. But the visitor that comes with swc is given up by its makers: it throws on
 * `using` and does not see `import('x').Type` everywhere. This one walks the whole tree instead and hands
 * dependency-cruiser each node that names another file.
 */
function* nodesOf(value) {
  if (value === null || typeof value !== 'object') return
  if (typeof value.type === 'string') yield value
  for (const child of Object.values(value)) yield* nodesOf(child)
}

const asItIs = (node) => node

Object.assign(Visitor.prototype, {
  visitModule(tree) {
    for (const node of nodesOf(tree)) {
      if (node.type === 'ImportDeclaration') this.visitImportDeclaration(node)
      else if (node.type === 'ExportNamedDeclaration') this.visitExportNamedDeclaration(node)
      else if (node.type === 'ExportAllDeclaration') this.visitExportAllDeclaration(node)
      else if (node.type === 'CallExpression') this.visitCallExpression(node)
      else if (node.type === 'TsImportType') this.visitImportDeclaration({ source: node.argument, typeOnly: true })
    }
    return tree
  },
  visitImportDeclaration: asItIs,
  visitExportNamedDeclration: asItIs, // swc's spelling, which dependency-cruiser looks for
  visitExportAllDeclration: asItIs,
  visitCallExpression: asItIs,
})

const SLICES =
  '(?:subscriptions|plays|downloads|playlists|collections|privacy|sharing|history|popularity|timeline|search|accounts|feeds|covers)'
const DOORS = '(?:sync|gpodder|nextcloud|openpodcast|gateway|opml)'
const ROOMS = `(?:kernel|journal|podcast|${SLICES}|${DOORS}|http|outbound|database|jobs|main)`

/** Everything of ours: a rule that lists what a room may import forbids the rest of this. */
const OURS = '^(?:src|federation|migrations|public|test|bench|examples|clients)/'
const KERNEL = '^src/kernel/'
const PODCAST = '^src/podcast/'
/** The files of `podcast` that know the database. */
const PODCAST_STORE = '^src/podcast/(?:catalog|entities|guids|identity)\\.ts$'
const DATABASE = '^src/database/'
const JOURNAL = '^src/journal/'
const ZOD = '(?:^|/)node_modules/zod/'

const PURE_FILE = '(?:events|decider|merge)\\.ts$'
/** `endpoints.ts`, `pages.tsx`, `log-in-pages.ts`, `endpoints/users.ts`, `index.ts`. */
const TOP_FILE = '(?:index\\.tsx?$|[^/]*(?:endpoints|pages?)[^/]*\\.tsx?$|(?:endpoints|pages)/)'

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const forbidden = [
  {
    name: 'every-file-has-a-room',
    comment: 'A file outside the rooms of the house would escape every rule below; name a new room here first.',
    severity: 'error',
    from: {},
    to: { path: '^src/', pathNot: `^src/${ROOMS}/` },
  },
  {
    name: 'every-importer-has-a-room',
    comment: 'The same from the other side: code in no room would import what it likes.',
    severity: 'error',
    from: { path: '^src/', pathNot: `^src/${ROOMS}/` },
    to: {},
  },
  {
    name: 'imports-resolve',
    comment: 'An import this tool cannot follow is an import no rule can judge.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'no-circles',
    comment:
      'Files in a circle can only be understood, tested and moved all at once; types count, since moving code makes values of them.',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'kernel-imports-nothing',
    comment: 'Everything stands on the kernel, so whatever it imports, everything imports: no I/O, no packages.',
    severity: 'error',
    from: { path: KERNEL },
    to: { pathNot: [KERNEL, ZOD] },
  },
  {
    name: 'kernel-takes-only-types-from-zod',
    comment: 'An endpoint is described by schemas, but the kernel itself never runs one.',
    severity: 'error',
    from: { path: KERNEL },
    to: { path: ZOD, dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'podcast-imports-only-kernel',
    comment: 'Feeds, episodes and positions mean the same to every slice, so they know no slice and no infrastructure.',
    severity: 'error',
    from: { path: PODCAST, pathNot: PODCAST_STORE },
    to: { path: OURS, pathNot: [PODCAST, KERNEL] },
  },
  {
    name: 'catalog-imports-only-kernel-and-database',
    comment: 'The catalog keeps stable ids in the database, and that is all the infrastructure it needs.',
    severity: 'error',
    from: { path: PODCAST_STORE },
    to: { path: OURS, pathNot: [PODCAST, KERNEL, DATABASE] },
  },
  {
    name: 'deciders-are-pure',
    comment:
      'Events, deciders and merges are replayed for ever: with no clock, no randomness and no I/O in reach they answer tomorrow as today. Kernel, podcast (but for its store), their own kind in their own slice, and zod for shapes.',
    severity: 'error',
    from: { path: `^src/(${SLICES})/${PURE_FILE}` },
    to: {
      pathNot: [KERNEL, `^src/podcast/(?!(?:catalog|entities|guids|identity)\\.ts$)`, `^src/$1/${PURE_FILE}`, ZOD],
    },
  },
  {
    name: 'merges-of-doors-are-pure',
    comment: 'What two devices converge to must not hang on when or where it is worked out.',
    severity: 'error',
    from: { path: `^src/(${DOORS})/${PURE_FILE}` },
    to: {
      pathNot: [
        KERNEL,
        `^src/podcast/(?!(?:catalog|entities|guids|identity)\\.ts$)`,
        `^src/$1/${PURE_FILE}`,
        `^src/${SLICES}/events\\.ts$`,
        ZOD,
      ],
    },
  },
  {
    name: 'database-imports-only-kernel',
    comment:
      'Connections and stores serve every room, so they know none; entities and migrations are handed in by main.',
    severity: 'error',
    from: { path: DATABASE },
    to: { path: OURS, pathNot: [DATABASE, KERNEL] },
  },
  {
    name: 'journal-imports-only-kernel-podcast-database',
    comment:
      'The journal keeps facts of any kind; the day it knows a slice, no slice can be added without touching it.',
    severity: 'error',
    from: { path: JOURNAL },
    to: { path: OURS, pathNot: [JOURNAL, KERNEL, PODCAST, DATABASE] },
  },
  {
    name: 'jobs-import-only-kernel-database-journal',
    comment: 'The queue runs whatever it is handed; rooms register their jobs, the queue does not look them up.',
    severity: 'error',
    from: { path: '^src/jobs/' },
    to: { path: OURS, pathNot: ['^src/jobs/', KERNEL, DATABASE, JOURNAL] },
  },
  {
    name: 'outbound-imports-only-kernel',
    comment:
      'The one guarded way to servers that somebody else has named: feeds, covers and the federation all go through it, so it stands below all of them.',
    severity: 'error',
    from: { path: '^src/outbound/' },
    to: { path: OURS, pathNot: ['^src/outbound/', KERNEL] },
  },
  {
    name: 'http-imports-only-kernel-podcast',
    comment:
      'The server mounts endpoints handed to it; what it needs from a slice (who is calling?) comes as a function.',
    severity: 'error',
    from: { path: '^src/http/' },
    to: { path: OURS, pathNot: ['^src/http/', KERNEL, PODCAST] },
  },
  {
    name: 'only-endpoints-and-pages-know-http',
    comment: 'Projections and queries are also read by followers, the CLI and federation, where there is no request.',
    severity: 'error',
    from: { path: `^src/${SLICES}/`, pathNot: `^src/${SLICES}/${TOP_FILE}` },
    to: { path: '^src/http/' },
  },
  {
    name: 'endpoints-and-pages-are-the-top-of-a-slice',
    comment: 'A query that needs an endpoint is upside down: what both need belongs below both.',
    severity: 'error',
    from: { path: `^src/(${SLICES})/`, pathNot: `^src/${SLICES}/${TOP_FILE}` },
    to: { path: `^src/$1/${TOP_FILE}` },
  },
  {
    name: 'slices-meet-in-events-and-queries',
    comment:
      'What happened and what one may ask are what a slice promises; entities, projections and deciders are its own business and may change.',
    severity: 'error',
    from: { path: `^src/(${SLICES})/` },
    to: { path: `^src/${SLICES}/`, pathNot: ['^src/$1/', `^src/${SLICES}/(?:events|queries)\\.ts$`] },
  },
  {
    name: 'slices-do-not-know-doors',
    comment: 'Apps come and go; a listener’s life must not be written in terms of one of them.',
    severity: 'error',
    from: { path: `^src/${SLICES}/` },
    to: { path: `^src/${DOORS}/` },
  },
  {
    name: 'doors-enter-slices-by-their-index',
    comment: 'A door may do what a listener may do, through index, events and queries, never behind a decider’s back.',
    severity: 'error',
    from: { path: `^src/${DOORS}/` },
    to: { path: `^src/${SLICES}/`, pathNot: `^src/${SLICES}/(?:index|events|queries)\\.ts$` },
  },
  {
    name: 'doors-do-not-know-each-other',
    comment:
      'Removing one protocol must not break another; what two doors share belongs in a slice. But the Nextcloud app “GPodder Sync” is the gPodder API in another wrapping, and its door enters that one by the index.',
    severity: 'error',
    from: { path: `^src/(${DOORS})/`, pathNot: '^src/nextcloud/' },
    to: { path: `^src/${DOORS}/`, pathNot: '^src/$1/' },
  },
  {
    name: 'nextcloud-knows-only-the-index-of-gpodder',
    comment:
      'Two wrappings of one protocol share what it means and not how it is asked; all other doors are closed to it.',
    severity: 'error',
    from: { path: '^src/nextcloud/' },
    to: { path: `^src/${DOORS}/`, pathNot: ['^src/nextcloud/', '^src/gpodder/index\\.ts$'] },
  },
  {
    name: 'only-main-imports-federation',
    comment: 'The server must stand with the fediverse switched off, so only the place that composes knows of it.',
    severity: 'error',
    from: { path: '^(?:src|migrations)/', pathNot: '^src/main/' },
    to: { path: '^federation/' },
  },
  {
    name: 'nothing-imports-main',
    comment: 'Main composes everything; whoever imports it imports everything, and starts it.',
    severity: 'error',
    from: { path: '^(?:src|federation|migrations)/', pathNot: '^src/main/' },
    to: { path: '^src/main/' },
  },
  {
    name: 'the-house-does-not-import-its-tests',
    comment: 'Tests, benchmarks, examples and clients are not there where the server runs.',
    severity: 'error',
    from: { path: '^(?:src|federation|migrations)/' },
    to: { path: '^(?:test|bench|examples|clients)/' },
  },
  {
    name: 'the-house-stands-without-dev-dependencies',
    comment:
      'The image is installed with --omit=dev: what the server needs when it runs is a dependency. Types are gone by then.',
    severity: 'error',
    from: { path: '^(?:src|federation|migrations)/' },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
  },
]

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden,
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['node', 'import', 'require', 'default', 'types'],
      mainFields: ['main', 'module', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
}
