export { effectivePrivacy, mergePrivacy, type PrivacyEdit, privacy, scopeOf } from './decider.ts'
export { privacySettings } from './projection.ts'
export type { PrivacyRow } from './queries.ts'
export { privacyLevel } from './shown.ts'
