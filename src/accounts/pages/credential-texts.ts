import type { Language } from '../../http/layout.ts'

const en = {
  appPasswords: 'App passwords',
  appPasswordsAbout:
    'For podcast apps that ask for a user name and a password, like AntennaPod, gPodder or Kasts: give each its own app password, and your account’s password to none.',
  playTokens: 'Play tokens',
  playTokensAbout:
    'For programs that only need a small part of your account. Each lives for 365 days and can do one thing.',
  none: 'There are none yet.',
  made: 'Made',
  lastUsed: 'Last used',
  never: 'never',
  expires: 'Expires',
  expired: 'Expired',
  kind: 'For',
  feeds: 'RSS feeds: reads the feeds of your lists and records what is played from them',
  live: 'the live channel: keeps a device in step while it is connected',
  name: 'Name',
  nameHint: 'The app or device it is for, so that you know which one to revoke.',
  badName: 'Give it a name of 1 to 100 characters, without line breaks.',
  badKind: 'Choose what it is for.',
  problem: 'Error:',
  makeAppPassword: 'Make an app password',
  makePlayToken: 'Make a play token',
  revoke: 'Revoke',
  revoked: 'It was revoked: whoever has it can do nothing with it any more.',
  newAppPassword: 'Your new app password',
  newPlayToken: 'Your new play token',
  once: 'Copy it now: it is shown this once and never again. This server keeps only a fingerprint of it.',
  for: 'For',
  userName: 'User name',
  appPassword: 'App password',
  playToken: 'Play token',
  oldGpodder: 'If a program asks for a user name only, as older gPodder do, give it this one:',
  feedsAbout:
    'Give one of these addresses to your RSS reader or podcast app. They hold the token: share them with nobody.',
  feedsSubscriptions: 'Your subscriptions',
  feedsQueue: 'Up next',
  feedsCollection: 'A collection, with its id',
  feedsPlaylist: 'A playlist, with its id',
  back: 'Back to your apps',
} as const

type Texts = Readonly<Record<keyof typeof en, string>>

const fr: Texts = {
  appPasswords: 'Mots de passe d’application',
  appPasswordsAbout:
    'Pour les applications de balados qui demandent un nom d’utilisateur et un mot de passe, comme AntennaPod, gPodder ou Kasts : donnez à chacune son propre mot de passe d’application, et à aucune celui de votre compte.',
  playTokens: 'Jetons d’écoute',
  playTokensAbout:
    'Pour les programmes qui n’ont besoin que d’une petite partie de votre compte. Chacun vit 365 jours et ne peut faire qu’une chose.',
  none: 'Il n’y en a pas encore.',
  made: 'Créé',
  lastUsed: 'Dernière utilisation',
  never: 'jamais',
  expires: 'Expire',
  expired: 'A expiré',
  kind: 'Pour',
  feeds: 'les flux RSS : lit les flux de vos listes et note ce qui en est écouté',
  live: 'le canal en direct : garde un appareil synchronisé tant qu’il est connecté',
  name: 'Nom',
  nameHint: 'L’application ou l’appareil auquel il est destiné, pour savoir lequel révoquer.',
  badName: 'Donnez-lui un nom de 1 à 100 caractères, sans saut de ligne.',
  badKind: 'Choisissez à quoi il sert.',
  problem: 'Erreur :',
  makeAppPassword: 'Créer un mot de passe d’application',
  makePlayToken: 'Créer un jeton d’écoute',
  revoke: 'Révoquer',
  revoked: 'Révoqué : qui le possède ne peut plus rien en faire.',
  newAppPassword: 'Votre nouveau mot de passe d’application',
  newPlayToken: 'Votre nouveau jeton d’écoute',
  once: 'Copiez-le maintenant : il n’est montré que cette fois, et plus jamais. Ce serveur n’en garde qu’une empreinte.',
  for: 'Pour',
  userName: 'Nom d’utilisateur',
  appPassword: 'Mot de passe d’application',
  playToken: 'Jeton d’écoute',
  oldGpodder: 'Si un programme ne demande qu’un nom d’utilisateur, comme les anciens gPodder, donnez-lui celui-ci :',
  feedsAbout:
    'Donnez une de ces adresses à votre lecteur RSS ou à votre application de balados. Elles contiennent le jeton : ne les partagez avec personne.',
  feedsSubscriptions: 'Vos abonnements',
  feedsQueue: 'À suivre',
  feedsCollection: 'Une collection, avec son identifiant',
  feedsPlaylist: 'Une liste, avec son identifiant',
  back: 'Retour à vos applications',
}

/** What the pages say of app passwords and play tokens, by language. */
export const credentialTexts: Readonly<Record<Language, Texts>> = { en, fr }
