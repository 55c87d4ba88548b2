import { defineEntity, p } from '@mikro-orm/postgresql'
import { User } from './entities.ts'

/** An app that asks for an app password and waits for what its person says. Lives for minutes. */
export const AppRequest = defineEntity({
  name: 'AppRequest',
  tableName: 'app_requests',
  schema: 'system',
  properties: {
    /** SHA-256 of what the app fetches the password with, base64url. */
    pollHash: p.text().primary(),
    /** SHA-256 of what names the request in the browser, base64url. */
    pageHash: p.text().unique('app_requests_page_hash'),
    name: p.text(),
    askedAt: p.datetime(3),
    expiresAt: p.datetime(3).index('app_requests_expires_at'),
    /** Who decided. */
    userId: () =>
      p.manyToOne(User).mapToPk().nullable().joinColumn('user_id').deleteRule('cascade').index('app_requests_user_id'),
    outcome: p.enum(['allowed', 'denied']).nullable(),
  },
})
