import { PassThrough } from 'node:stream'
import { Router } from '@koa/router'
import { z } from 'zod'
import { answer, endpoint } from '../../src/kernel/endpoint.ts'

export const thing = endpoint({
  method: 'get',
  path: '/things/{id}',
  summary: 'One thing',
  tag: 'test',
  scope: 'any',
  limit: 100,
  params: z.object({ id: z.string() }),
  query: z.object({ feed: z.string().optional() }),
  answers: { 200: z.unknown() },
  handle: async ({ params, query }) => answer(200, { ...params, ...query }),
})

const keep = endpoint({
  method: 'put',
  path: '/things/{id}',
  summary: 'Keep a thing',
  tag: 'test',
  scope: 'any',
  limit: 100,
  body: z.looseObject({}),
  answers: { 200: z.unknown() },
  handle: async () => answer(200, {}),
})

const pages = [
  new Router()
    .get('/', (ctx) => {
      ctx.type = 'html'
      ctx.body = '<p>Home</p>'
    })
    .get('/broken', (ctx) => {
      ctx.set({ ETag: '"old"', 'Content-Type': 'image/png' })
      throw new Error('secret detail')
    })
    .get('/flushed', (ctx) => {
      ctx.res.flushHeaders()
      throw new Error('too late')
    })
    .get('/upstream', () => {
      throw Object.assign(new Error('secret of another server'), { status: 404 })
    })
    .get('/forbidden', (ctx) => ctx.throw(403, 'Not for you <b>'))
    .get('/own-policy', (ctx) => {
      ctx.set('Content-Security-Policy', "default-src 'self'")
      ctx.body = 'mine'
    })
    .post('/form', (ctx) => {
      ctx.body = 'sent'
    })
    .get('/half', (ctx) => {
      const stream = new PassThrough()
      stream.write('half')
      setTimeout(() => stream.destroy(new Error('the feed broke off')), 50)
      ctx.body = stream
    }),
  new Router().get('/api/2/devices/:user', (ctx) => {
    ctx.body = [ctx.params.user]
  }),
]

export const here = { endpoints: [thing, keep], pages }
