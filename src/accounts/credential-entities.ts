import { defineEntity, p } from '@mikro-orm/postgresql'
import { User } from './entities.ts'

const CredentialSchema = defineEntity({
  name: 'Credential',
  tableName: 'credentials',
  schema: 'system',
  properties: {
    userId: () => p.manyToOne(User).mapToPk().primary().joinColumn('user_id').deleteRule('cascade'),
    id: p.uuid().primary(),
    kind: p.enum(['app_password', 'feeds', 'live']),
    name: p.text(),
    /** SHA-256 of the secret, base64url. The secret is random, so a slow hash would add nothing. */
    hash: p.text().unique('credentials_hash'),
    createdAt: p.datetime(3),
    expiresAt: p.datetime(3).nullable(),
    revokedAt: p.datetime(3).nullable(),
    lastUsedAt: p.datetime(3).nullable(),
  },
})

/** A secret that a person made for one program: an app password or a play token. */
export class Credential extends CredentialSchema.class {}
CredentialSchema.setClass(Credential)
