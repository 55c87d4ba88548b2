import { type Refusal, refuse, refuseValue } from '../kernel/refusal.ts'

/**
 * Names nobody can take: actors of the server itself (federation.md), the first segments of its URLs, and names people
 * would take for the server's voice.
 */
const reserved: ReadonlySet<string> = new Set(
  `about abuse account accounts admin administrator all anonymous ap api app apps app_creator authorize avatar
  balados cache collections contact cover covers dashboard docs episode episodes everyone export feed feeds
  fediverse federation followers following health help home host hostmaster image images import inbox index info
  instance legal live local login logout log_in log_out mail me mentions metrics mod moderator new nobody nodeinfo
  noreply null oauth official outbox play playlist playlists podcast podcasts postmaster privacy public queue ready
  register root rss rules search security server settings setup shared signin signup staff static status stream
  style subscriptions support sync sysadmin system terms timeline token tokens trending undefined user users web
  webfinger webmaster well_known www`.split(/\s+/),
)

/** The name as it is stored, or why it can't be one. Podcast handles contain a hyphen, so the two never meet. */
export function readUsername(name: string): { readonly username: string } | Refusal {
  const username = name.trim().toLowerCase()
  if (!/^[a-z0-9_]{2,30}$/.test(username)) return refuseValue('username', '2 to 30 of a-z, 0-9 and _')
  if (reserved.has(username)) return refuse('validation', `The name ${username} is reserved.`)
  return { username }
}
