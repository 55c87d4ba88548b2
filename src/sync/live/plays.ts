import type { Listening } from '../../journal/listening.ts'
import type { EpisodeId, PodcastId } from '../../kernel/brand.ts'
import { type Answer, type Origin, success } from '../../kernel/endpoint.ts'
import { isRefusal, type Refusal } from '../../kernel/refusal.ts'
import { play, recordPlay } from '../../plays/index.ts'
import { everything } from '../../podcast/seen.ts'
import { privacy, scopeOf } from '../../privacy/index.ts'
import type { Play } from './frames.ts'

/** Records a play as `POST /play` does, and what others may learn of the episode when it says so. */
export async function recordLivePlay(
  { journal, catalog }: Listening,
  origin: Origin,
  said: Play,
): Promise<Answer | Refusal> {
  const podcast = (await catalog.podcasts([said.feed])).get(said.feed) as PodcastId
  const [found] = await catalog.episodes([{ ...said.item, podcast }])
  const episode = found as EpisodeId
  return journal.commit(
    origin,
    async (unit) => {
      const refused = recordPlay(unit, { podcast, episode }, said)
      if (refused || said.privacy === undefined) return refused ?? success
      const scope = scopeOf(podcast, episode)
      await unit.load(privacy, [scope])
      const known = unit.state(privacy, scope)?.level ?? null
      // Apps say it with every play; only a change is an event.
      if (known?.value === said.privacy) return success
      const at = origin.now
      const edit = { level: said.privacy, podcast, episode, at, sentAt: at, seen: everything, known }
      const decided = unit.decide(privacy, scope, edit)
      return isRefusal(decided) ? decided : success
    },
    { decider: play, id: episode },
  )
}
