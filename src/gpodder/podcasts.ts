import { hostOf } from '../podcast/names.ts'

/** A podcast as answers describe it, by its host where its title is not known; what else is not known is empty. */
export const showPodcast = (url: string, title: string | null) => ({
  url,
  title: title ?? hostOf(url),
  description: '',
  website: '',
  logo_url: '',
  subscribers: 0,
  mygpo_link: '',
})
