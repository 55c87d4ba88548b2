import RssParser from 'rss-parser'
import { behaviourOf, madeFeed } from './made-feeds.ts'

/** The plain loop: rss-parser, one file after the other, nothing fetched and nothing kept. Tells its parent the time. */
const count = Number(process.argv[2])
const files = Array.from({ length: count }, (_, n) => n)
  .filter((n) => behaviourOf(n) !== 'failing')
  .map(madeFeed)
const parser = new RssParser()
const started = performance.now()
let episodes = 0
for (const file of files) episodes += (await parser.parseString(file)).items.length
process.send?.({
  ms: performance.now() - started,
  feeds: files.length,
  episodes,
  bytes: files.reduce((sum, file) => sum + file.length, 0),
})
process.disconnect()
