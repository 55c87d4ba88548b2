import { hostOf } from '../podcast/names.ts'

/** A podcast as answers describe it. All that is known of it is where its feed is; what is not known is empty. */
export const showPodcast = (url: string) => ({
  url,
  title: hostOf(url),
  description: '',
  website: '',
  logo_url: '',
  subscribers: 0,
  mygpo_link: '',
})
