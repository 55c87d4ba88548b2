import type Koa from 'koa'

/**
 * Cookies that no script reads and no other site's form sends along. `publicUrl` decides whether they are for https
 * only: behind a proxy the server's own connection tells nothing about the browser's.
 */
export interface Cookies {
  read(ctx: Koa.Context, name: string): string | undefined
  /** @param maxAge seconds; without it the cookie goes when the browser closes */
  write(ctx: Koa.Context, name: string, value: string, maxAge?: number): void
  clear(ctx: Koa.Context, name: string): void
}

export function createCookies(publicUrl: string): Cookies {
  const flags = `Path=/; HttpOnly; SameSite=Lax${publicUrl.startsWith('https:') ? '; Secure' : ''}`
  return {
    read: (ctx, name) => ctx.cookies.get(name, { signed: false }),
    write: (ctx, name, value, maxAge) => {
      const life = maxAge === undefined ? '' : `; Max-Age=${maxAge}`
      ctx.append('Set-Cookie', `${name}=${value}; ${flags}${life}`)
    },
    clear: (ctx, name) => ctx.append('Set-Cookie', `${name}=; ${flags}; Max-Age=0`),
  }
}
