import { Parser } from 'htmlparser2'
import { type EpisodeName, enclosureForms } from '../../podcast/names.ts'
import { resolveEntities, withoutControls } from '../understanding/entities.ts'

/** Where an item stands in the document, and the names it has. */
interface Item {
  readonly start: number
  readonly end: number
  readonly guid: string
  readonly files: string[]
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1).toLowerCase()
const items = new Set(['item', 'entry'])
const guids = new Set(['guid', 'id'])

/**
 * The document without all items but one: that of the guid, else that of the enclosure. Null when there is none.
 *
 * @param base the feed's address, for enclosures that are written without it
 */
export function onlyItem(text: string, wanted: EpisodeName, base: string): string | null {
  const found = itemsIn(text)
  const [best] = found
    .map((item) => ({ item, rank: likeness(item, wanted, base) }))
    .filter(({ rank }) => rank > 0)
    .toSorted((a, b) => b.rank - a.rank)
  if (!best) return null
  let left = ''
  let at = 0
  for (const item of found) {
    if (item === best.item) continue
    left += text.slice(at, item.start).trimEnd()
    at = item.end
  }
  return left + text.slice(at)
}

/** How surely an item is the one that is meant; 0 when it is another. */
function likeness({ guid, files }: Item, wanted: EpisodeName, base: string): number {
  const forms = wanted.enclosure === '' ? null : enclosureForms(wanted.enclosure)
  const here = forms ? files.map((file) => enclosureForms(URL.parse(file, base)?.href ?? file)) : []
  const isSameFile = here.some(({ full }) => full === forms?.full)
  if (guid !== '' && guid === wanted.guid) return isSameFile ? 4 : 3
  if (isSameFile) return 2
  // As in the catalog: without its query a file tells two episodes apart only where one of them has no guid.
  return (guid === '' || wanted.guid === '') && here.some(({ bare }) => bare === forms?.bare) ? 1 : 0
}

function itemsIn(text: string): readonly Item[] {
  const found: Item[] = []
  const names = createNames()
  /** The element of items as this document writes it. */
  let itemName: string | null = null
  let item: Item | null = null
  /** How many elements are open, and how many were at the item. */
  let open = 0
  let depth = 0

  function end(at: number): void {
    if (item === null) return
    found.push({ ...item, end: at, guid: names.guid() ?? item.guid })
    item = null
  }

  const parser = new Parser(
    {
      onopentag: (name, attributes) => {
        open += 1
        if (itemName === null ? items.has(local(name)) : name === itemName) {
          itemName = name
          // One that was not closed ends where the next begins.
          end(parser.startIndex)
          const about = Object.keys(attributes).find((each) => local(each) === 'about')
          item = { start: parser.startIndex, end: 0, guid: attributeOf(attributes, about ?? ''), files: [] }
          depth = open
          names.begin()
          return
        }
        if (item === null) return
        names.open(name, open === depth + 1)
        const file = fileOf(name, attributes)
        if (file !== '') item.files.push(file)
      },
      ontext: (data) => names.text(data),
      oncdatastart: () => names.cdata(true),
      oncdataend: () => names.cdata(false),
      onclosetag: (_, isImplied) => {
        names.close()
        // As above: what closed it is not its own.
        if (item !== null && open === depth) end(isImplied ? parser.startIndex : parser.endIndex + 1)
        open -= 1
      },
    },
    { xmlMode: true, decodeEntities: false },
  )
  parser.end(text)
  end(text.length)
  return found
}

const attributeOf = (attributes: Readonly<Record<string, string>>, name: string): string =>
  withoutControls(resolveEntities(attributes[name] ?? '')).trim()

function fileOf(name: string, attributes: Readonly<Record<string, string>>): string {
  if (local(name) === 'enclosure' || name.toLowerCase() === 'media:content') return attributeOf(attributes, 'url')
  return local(name) === 'link' && attributes.rel === 'enclosure' ? attributeOf(attributes, 'href') : ''
}

/** How telling an element named `guid` or `id` is: a child of the item, one without a prefix; one further in least of all. */
const ranks = 3

/** Hears the elements of an item, and tells its guid: the first of the most telling that says something. */
function createNames() {
  let found: (string | undefined)[] = []
  let rank: number | null = null
  let said = ''
  let inCdata = false

  function close(): void {
    const guid = withoutControls(said).trim()
    if (rank !== null && guid !== '') found[rank] ??= guid
    rank = null
  }

  return {
    begin: () => {
      found = Array.from({ length: ranks })
      rank = null
    },
    /** Whatever begins in a guid ends it. */
    open: (name: string, isChild: boolean) => {
      close()
      if (!guids.has(local(name))) return
      rank = !isChild ? 2 : name.includes(':') ? 1 : 0
      said = ''
    },
    text: (data: string) => {
      if (rank !== null) said += inCdata ? data : resolveEntities(data)
    },
    cdata: (isIn: boolean) => {
      inCdata = isIn
    },
    close,
    guid: (): string | undefined => found.find((guid) => guid !== undefined),
  }
}
