import { defineEntity, p } from '@mikro-orm/postgresql'

const schema = 'system'

const UserSchema = defineEntity({
  name: 'User',
  tableName: 'users',
  schema,
  properties: {
    id: p.uuid().primary(),
    username: p.text().unique('users_username'),
    email: p.text().nullable(),
    passwordHash: p.text(),
    isAdmin: p.boolean().default(false),
    createdAt: p.datetime(3),
    suspendedAt: p.datetime(3).nullable(),
  },
})

/** A person with an account on this instance. */
export class User extends UserSchema.class {}
UserSchema.setClass(User)

const HandleSchema = defineEntity({
  name: 'Handle',
  tableName: 'handles',
  schema,
  properties: {
    name: p.text().primary(),
    kind: p.enum(['user', 'podcast', 'reserved']),
    userId: () =>
      p.manyToOne(User).mapToPk().nullable().joinColumn('user_id').deleteRule('set null').index('handles_user_id'),
    retiredAt: p.datetime(3).nullable(),
  },
})

/** A name that was ever used in the fediverse's one namespace. Rows stay, so that no name gets a second owner. */
export class Handle extends HandleSchema.class {}
HandleSchema.setClass(Handle)

const SessionSchema = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  schema,
  properties: {
    /** SHA-256 of the cookie's value, base64url. */
    token: p.text().primary(),
    /** What the session is called in front of its user. */
    id: p.uuid().unique('sessions_id'),
    userId: () => p.manyToOne(User).mapToPk().joinColumn('user_id').deleteRule('cascade').index('sessions_user_id'),
    createdAt: p.datetime(3),
    lastSeenAt: p.datetime(3),
    expiresAt: p.datetime(3).index('sessions_expires_at'),
    userAgent: p.text().nullable(),
  },
})

/** A browser in which somebody is logged in. */
export class Session extends SessionSchema.class {}
SessionSchema.setClass(Session)

const AppTokenSchema = defineEntity({
  name: 'AppToken',
  tableName: 'app_tokens',
  schema,
  properties: {
    userId: () => p.manyToOne(User).mapToPk().primary().joinColumn('user_id').deleteRule('cascade'),
    appId: p.text().primary(),
    name: p.text(),
    url: p.text().nullable(),
    image: p.text().nullable(),
    /** PEM, SPKI, however the app sent it. */
    publicKey: p.text(),
    scopes: p.array(),
    authorizedAt: p.datetime(3),
    revokedAt: p.datetime(3).nullable(),
    lastUsedAt: p.datetime(3).nullable(),
  },
})

/** What a user allowed one app to do, and the key that app signs its requests with. */
export class AppToken extends AppTokenSchema.class {}
AppTokenSchema.setClass(AppToken)

const SecondFactorSchema = defineEntity({
  name: 'SecondFactor',
  tableName: 'second_factors',
  schema,
  properties: {
    userId: () =>
      p.manyToOne(User).mapToPk().primary().joinColumn('user_id').deleteRule('cascade').updateRule('no action'),
    /** Sealed (seals.ts): it must be read again to check a code. */
    secret: p.text(),
    /** The time step of the last code that was used: neither it nor an older one is taken again. */
    lastStep: p.bigint('number'),
    createdAt: p.datetime(3),
  },
})

/** The authenticator app of a user who logs in in two steps. */
export class SecondFactor extends SecondFactorSchema.class {}
SecondFactorSchema.setClass(SecondFactor)

const RecoveryCodeSchema = defineEntity({
  name: 'RecoveryCode',
  tableName: 'recovery_codes',
  schema,
  properties: {
    userId: () => p.manyToOne(User).mapToPk().primary().joinColumn('user_id').deleteRule('cascade'),
    /** Keyed hash of the code, base64url. */
    code: p.text().primary(),
  },
})

/** A code that stands in for the authenticator once; gone when it is used. */
export class RecoveryCode extends RecoveryCodeSchema.class {}
RecoveryCodeSchema.setClass(RecoveryCode)

export const accountEntities = [User, Handle, Session, AppToken, SecondFactor, RecoveryCode]
