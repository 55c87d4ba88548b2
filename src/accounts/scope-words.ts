type Area = 'subscriptions' | 'plays' | 'playlists' | 'collections' | 'privacy'
type Right = 'read' | 'write'

/** Everything an app can ask for (rest-v1, "App authorization"). */
export type Scope =
  | '*'
  | `*.${Right}`
  | 'user'
  | 'user.*'
  | `user.*.${Right}`
  | `user.${Right}`
  | `user.${Area}`
  | `user.${Area}.${Right}`
  | 'user.sync'
  | 'user.erase'
  | `admin.${Right}`

export const scopesInEnglish: Readonly<Record<Scope, string>> = {
  '*': 'Read and change everything in your account, except erasing and administration',
  '*.read': 'Read everything in your account',
  '*.write': 'Change everything in your account',
  user: 'Read and change everything in your account, your other apps included',
  'user.*': 'Read and change all your listening data, and keep devices in step',
  'user.*.read': 'Read all your listening data',
  'user.*.write': 'Change all your listening data',
  'user.read': 'Read your profile',
  'user.write': 'Change your profile',
  'user.subscriptions': 'Read and change your subscriptions',
  'user.subscriptions.read': 'See which podcasts you subscribe to',
  'user.subscriptions.write': 'Subscribe and unsubscribe for you',
  'user.plays': 'Read and change what you listened to, and where you stopped',
  'user.plays.read': 'See what you listened to, and where you stopped',
  'user.plays.write': 'Record what you listen to, and where you stop',
  'user.playlists': 'Read and change your playlists and your queue',
  'user.playlists.read': 'See your playlists and your queue',
  'user.playlists.write': 'Make, change and delete playlists, and change your queue',
  'user.collections': 'Read and change your collections',
  'user.collections.read': 'See your collections',
  'user.collections.write': 'Make, change and delete collections',
  'user.privacy': 'Read and change who sees your listening',
  'user.privacy.read': 'See who may see your listening',
  'user.privacy.write': 'Change who sees your listening, making it public included',
  'user.sync': 'Keep devices in step: read and change subscriptions, plays, playlists, collections and privacy',
  'user.erase': 'Erase your listening data for good',
  'admin.read': 'Read the administration of this server, other people’s accounts included',
  'admin.write': 'Administer this server, other people’s accounts included',
}

export const scopesInFrench: Readonly<Record<Scope, string>> = {
  '*': 'Lire et modifier tout votre compte, sauf l’effacement et l’administration',
  '*.read': 'Lire tout votre compte',
  '*.write': 'Modifier tout votre compte',
  user: 'Lire et modifier tout votre compte, y compris vos autres applications',
  'user.*': 'Lire et modifier toutes vos données d’écoute, et synchroniser des appareils',
  'user.*.read': 'Lire toutes vos données d’écoute',
  'user.*.write': 'Modifier toutes vos données d’écoute',
  'user.read': 'Lire votre profil',
  'user.write': 'Modifier votre profil',
  'user.subscriptions': 'Lire et modifier vos abonnements',
  'user.subscriptions.read': 'Voir à quels balados vous êtes abonné',
  'user.subscriptions.write': 'Vous abonner et vous désabonner',
  'user.plays': 'Lire et modifier ce que vous avez écouté, et où vous vous êtes arrêté',
  'user.plays.read': 'Voir ce que vous avez écouté, et où vous vous êtes arrêté',
  'user.plays.write': 'Noter ce que vous écoutez, et où vous vous arrêtez',
  'user.playlists': 'Lire et modifier vos listes de lecture et votre file d’attente',
  'user.playlists.read': 'Voir vos listes de lecture et votre file d’attente',
  'user.playlists.write': 'Créer, modifier et supprimer des listes de lecture, et modifier votre file d’attente',
  'user.collections': 'Lire et modifier vos collections',
  'user.collections.read': 'Voir vos collections',
  'user.collections.write': 'Créer, modifier et supprimer des collections',
  'user.privacy': 'Lire et modifier qui voit vos écoutes',
  'user.privacy.read': 'Voir qui peut voir vos écoutes',
  'user.privacy.write': 'Modifier qui voit vos écoutes, y compris les rendre publiques',
  'user.sync':
    'Synchroniser des appareils : lire et modifier abonnements, écoutes, listes, collections et confidentialité',
  'user.erase': 'Effacer définitivement vos données d’écoute',
  'admin.read': 'Lire l’administration de ce serveur, y compris les comptes d’autres personnes',
  'admin.write': 'Administrer ce serveur, y compris les comptes d’autres personnes',
}
