declare const brand: unique symbol

/** A value of type `T` that has been through the one function that may make it. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }

export type UserId = Brand<string, 'UserId'>
export type PodcastId = Brand<string, 'PodcastId'>
export type EpisodeId = Brand<string, 'EpisodeId'>
