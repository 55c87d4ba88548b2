import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../src/kernel/refusal.ts'
import { readOpml, writeOpml } from '../../src/podcast/opml.ts'

const opml = (body: string) => `<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0"><body>${body}</body></opml>`
const refusalOf = (file: string): string => {
  const said = readOpml(file)
  return isRefusal(said) ? said.message : 'was read'
}

describe('an OPML file', () => {
  test.each([
    ['xmlUrl', `<outline type="rss" xmlUrl="https://a.example/1"/>`],
    ['xmlurl', `<OUTLINE xmlurl='https://a.example/1'></OUTLINE>`],
    ['XMLURL', `<Outline XMLURL = "https://a.example/1" />`],
    ['url', `<outline text="a" url="https://a.example/1"/>`],
  ])('is read with %s', (_, outline) => {
    expect(readOpml(opml(outline))).toEqual(['https://a.example/1'])
  })

  test('is read in order through folders in folders', () => {
    const folder = `<outline text="Two"><outline xmlUrl="https://a.example/2"/>
      <outline text="Deep"><outline xmlUrl="https://a.example/3"/></outline></outline>`
    const file = opml(`<outline xmlUrl="https://a.example/1"/>${folder}<outline xmlUrl="https://a.example/4"/>`)
    expect(readOpml(file)).toEqual([1, 2, 3, 4].map((n) => `https://a.example/${n}`))
  })

  test('is read with blanks and a mark before it, CDATA, comments, and ampersands nobody escaped', () => {
    const outline = `<!-- <outline xmlUrl="https://a.example/none"/> --><outline xmlUrl=" https://a.example/?a=1&b=2&amp;c=&#x33;&#52; "/>`
    expect(readOpml(`\uFEFF\n${opml(`<![CDATA[<outline xmlUrl="none"/>]]>${outline}`)}`)).toEqual([
      'https://a.example/?a=1&b=2&c=34',
    ])
  })

  test('has no feeds in links to pages and to other files', () => {
    const links = `<outline type="link" url="https://a.example/"/><outline type="include" url="https://a.example/b.opml"/>`
    expect(readOpml(opml(links))).toEqual([])
  })

  test('that is none is refused with the line in which reading failed', () => {
    expect(refusalOf('hello')).toMatch(/^body: is not OPML: line 1: /)
    expect(refusalOf('\n\n<opml>\n<body>\n<outline text="a">\n</body></opml>')).toMatch(/line 6: .*'outline'/)
    expect(refusalOf('<opml>\n<body>\n<outline xmlUrl="a/>\n</body></opml>')).toMatch(/line \d/)
    expect(refusalOf('')).toMatch(/^body: is not OPML: line 1/)
    expect(refusalOf('<rss><channel/></rss>')).toBe(
      'body: is not OPML: it has no <opml>, or too many folders in folders',
    )
  })

  test('that declares entities, of its own or of elsewhere, is refused before they are expanded', () => {
    const laughs = Array.from({ length: 30 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')
    const outline = '<opml><body><outline xmlUrl="&l30;"/></body></opml>'
    for (const declared of [
      `<!ENTITY l0 "ha">${laughs}`,
      '<!ENTITY l30 SYSTEM "file:///etc/passwd">',
      '<!ENTITY % l30 SYSTEM "https://a.example/x.dtd"> %l30;',
    ])
      expect(refusalOf(`<!DOCTYPE opml [${declared}]>${outline}`)).toMatch(/declares entities/)
    expect(readOpml(`<!DOCTYPE opml SYSTEM "file:///etc/passwd"><opml/>`)).toEqual([])
  })

  test('that is too deep, too long or means harm is refused and ends nothing', () => {
    expect(refusalOf(opml(`${'<outline>'.repeat(5_000)}${'</outline>'.repeat(5_000)}`))).toMatch(/too many folders/)
    expect(refusalOf(opml(' '.repeat(4_200_000)))).toMatch(/may have \d+ characters/)
    expect(refusalOf(opml('<outline __proto__="a" xmlUrl="https://a.example/1"/>'))).not.toBe('was read')
    expect(refusalOf(`<opml><${'a'.repeat(9_000)}></opml>`).length).toBeLessThan(300)
    expect(readOpml(opml('<outline/>'.repeat(130_000)))).toEqual([])
    expect(({} as Record<string, unknown>).a).toBeUndefined()
  })

  test('of ten thousand podcasts is read, whatever their URLs are made of', () => {
    const urls = Array.from({ length: 10_000 }, (_, n) => `https://a.example/${n}?a=1&b=2&c=3&d='&e="`)
    expect(readOpml(writeOpml('Many', urls))).toEqual(urls)
    const numbered = urls
      .slice(0, 1_000)
      .map((_, n) => `<outline xmlUrl="https://a.example/${n}?a=1&#38;b=&#x1F399;"/>`)
    expect(readOpml(opml(numbered.join('\n')))).toEqual(
      urls.slice(0, 1_000).map((_, n) => `https://a.example/${n}?a=1&b=🎙`),
    )
  })

  test('of whatever text it is made is read or refused, and nothing else happens', () => {
    const piece = fc.constantFrom(
      ...[
        '<opml>',
        '</opml>',
        '<body>',
        '<outline',
        ' xmlUrl="',
        "'",
        '"',
        '/>',
        '>',
        '<',
        '&',
        '&#x',
        ';',
        '<!--',
        '-->',
      ],
      ...[
        '<![CDATA[',
        ']]>',
        '<?xml',
        '?>',
        '<!DOCTYPE',
        '[',
        ']',
        ' ',
        '\n',
        '=',
        'constructor',
        '__proto__',
        '\u0000',
        'é',
      ],
    )
    const file = fc.oneof(
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
      fc.array(piece, { maxLength: 10 }).map((pieces) => opml(pieces.join(''))),
    )
    fc.assert(
      fc.property(file, (text) => {
        const said = readOpml(text)
        expect(isRefusal(said) || said.every((url) => typeof url === 'string')).toBe(true)
      }),
      { numRuns: 3_000, seed: 20261122 },
    )
  })

  test('that was written is read as what it was written from', () => {
    const urls = [`https://a.example/?a=1&b="<'>"`, 'https://a.example/é%20ü', 'https://a.example/]]>', 'true']
    expect(readOpml(writeOpml('<& "mine"', urls))).toEqual(urls)
    expect(writeOpml('', ['https://a.example/\u0001\n'])).toContain('xmlUrl="https://a.example/%01%0A"')
    expect(readOpml(writeOpml('none', []))).toEqual([])
  })
})
