import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import type Koa from 'koa'

interface Asset {
  readonly type: string
  readonly etag: string
  readonly content: Buffer
}

/**
 * Serves the files of `folder`, read once, at the paths they have there: `css/site.css` at `/css/site.css`. Names that
 * start with a dot stay private; a missing folder has no files.
 */
export function staticFiles(folder: string): Koa.Middleware {
  const assets = new Map<string, Asset>()
  for (const path of filesOf(folder)) {
    const content = readFileSync(path)
    const etag = createHash('sha256').update(content).digest('base64url').slice(0, 27)
    assets.set(`/${relative(folder, path).split(sep).join('/')}`, { type: extname(path), etag, content })
  }
  return (ctx, next) => {
    const asset = assets.get(ctx.path)
    if (!asset || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()
    ctx.status = 200
    ctx.type = asset.type
    ctx.etag = asset.etag
    ctx.set('Cache-Control', 'public, max-age=300')
    if (ctx.fresh) ctx.status = 304
    else ctx.body = asset.content
  }
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !/(?:^|[\\/])\./.test(relative(folder, path)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
