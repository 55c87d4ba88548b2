import sanitizeHtml from 'sanitize-html'
import type { RichText } from '../shapes.ts'
import { escapeMarkup, resolveEntities, withoutControls } from './entities.ts'

/** Characters of a description that are read; the longest seen in the wild are below 100,000. */
const longestText = 256 * 1024

const addressOf = (href: string | undefined, base: string): string | null => {
  const url = href === undefined ? null : URL.parse(href.trim(), base)
  return url && ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null
}

const words = (text: string): string[] => text.split(' ')

const allowed: sanitizeHtml.IOptions = {
  allowedTags: words('p br a ul ol li dl dt dd em strong b i u s sub sup blockquote code pre h1 h2 h3 h4 h5 h6 hr div'),
  allowedAttributes: { a: ['href', 'rel'] },
  allowedSchemes: ['http', 'https', 'mailto'],
  // Their text is none for readers, or is no markup for browsers and would become some here.
  nonTextTags: words(
    'script style textarea option noscript iframe object title head svg math template noembed noframes xmp plaintext',
  ),
  nestingLimit: 50,
}

function sanitised(markup: string, base: string): string {
  const link = (_: string, { href }: sanitizeHtml.Attributes): sanitizeHtml.Tag => {
    const address = addressOf(href, base)
    return { tagName: 'a', attribs: address === null ? {} : { href: address, rel: 'nofollow noopener' } }
  }
  return withoutControls(sanitizeHtml(markup, { ...allowed, transformTags: { a: link } })).trim()
}

const hasTags = /<[a-z!/]/i
/** Text that was escaped once too often: `&lt;p&gt;…&lt;/p&gt;` and no tag. */
const escapedTwice = /&lt;(?:br\s*\/?|\/(?:p|a|div|ul|li|strong|em|b|i|span))&gt;/i

/**
 * A text of a feed as HTML that may be put on a page as it is, and as plain text: no scripts, styles, images or
 * forms, links without a hold on the reader's page. Null when nothing readable is left.
 *
 * @param base what relative links are resolved against
 * @param literal the source is plain text, in which `<` is a character
 */
export function richText(source: string, base: string, literal = false): RichText | null {
  const written = source.length > longestText ? source.slice(0, longestText).toWellFormed() : source
  const markup = !literal && !hasTags.test(written) && escapedTwice.test(written) ? resolveEntities(written) : written
  const html = literal || !hasTags.test(markup) ? lines(markup, literal) : sanitised(markup, base)
  const plain = plainOf(html)
  return plain === '' ? null : { html, plain }
}

/** Text without tags, whose line ends mean something. */
function lines(text: string, literal: boolean): string {
  const resolved = literal ? text : resolveEntities(text)
  return escapeMarkup(resolved.trim()).replace(/\r\n?|\n/g, '<br />')
}

const unescaped: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' }

/** Plain text of HTML that `sanitize-html` wrote. */
function plainOf(html: string): string {
  return html
    .replace(/\s+/g, ' ')
    .replace(/ ?<br \/> ?/g, '\n')
    .replace(/ ?<li> ?/g, '\n- ')
    .replace(/ ?<hr \/> ?| ?<\/?(?:p|div|ul|ol|dl|blockquote|pre|h[1-6])> ?/g, '\n\n')
    .replace(/ ?<\/?(?:dt|dd)> ?/g, '\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:amp|lt|gt|quot);/g, (entity) => unescaped[entity] ?? entity)
    .replace(/ +/g, ' ')
    .replace(/ ?\n[ \n]*/g, (ends) => (ends.split('\n').length > 2 ? '\n\n' : '\n'))
    .trim()
}

const inTitles = /<\/?(?:a|b|br|code|em|font|i|img|p|small|span|strong|sub|sup|u)(?:\s[^<>]*)?\/?>/gi

/** A line of text: titles and names, in which some feeds put tags of HTML or escape entities twice. */
export const oneLine = (text: string): string => asOneLine(resolveEntities(text.replace(inTitles, '')))

/** The same of a text that means what it says. */
export const asOneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 1000).toWellFormed()
