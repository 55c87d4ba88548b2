import type { Language } from '../../http/layout.ts'

const en = {
  problem: 'Error:',
  logIn: 'Log in',
  username: 'User name',
  password: 'Password',
  wrong: 'The user name or the password is wrong.',
  suspended: 'This account is suspended. Ask whoever runs this server.',
  logInFirst: 'Log in to decide what the app may do.',
  slowed: 'There were too many failed attempts. Try again in',
  minutes: 'minutes.',
  minute: 'one minute.',
  secondStep: 'Second step',
  codeAbout: 'Type the six digits that your authenticator app shows, or one of your recovery codes.',
  code: 'Code',
  wrongCode: 'This code is wrong, too old, or was used before.',
  stale: 'The second step took too long, or the password was changed. Begin again.',
} as const

type Texts = Readonly<Record<keyof typeof en, string>>

const fr: Texts = {
  problem: 'Erreur :',
  logIn: 'Se connecter',
  username: 'Nom d’utilisateur',
  password: 'Mot de passe',
  wrong: 'Le nom d’utilisateur ou le mot de passe est faux.',
  suspended: 'Ce compte est suspendu. Adressez-vous à la personne qui gère ce serveur.',
  logInFirst: 'Connectez-vous pour décider de ce que l’application peut faire.',
  slowed: 'Il y a eu trop de tentatives. Réessayez dans',
  minutes: 'minutes.',
  minute: 'une minute.',
  secondStep: 'Deuxième étape',
  codeAbout:
    'Saisissez les six chiffres affichés par votre application d’authentification, ou un de vos codes de secours.',
  code: 'Code',
  wrongCode: 'Ce code est faux, trop ancien ou déjà utilisé.',
  stale: 'La deuxième étape a pris trop de temps, ou le mot de passe a changé. Recommencez.',
}

/** What the pages of log-in say, by language. */
export const logInTexts: Readonly<Record<Language, Texts>> = { en, fr }

/** Why somebody must wait, and how long, in whole minutes. */
export function slowedText(language: Language, seconds: number): string {
  const { slowed, minute, minutes } = logInTexts[language]
  return seconds <= 60 ? `${slowed} ${minute}` : `${slowed} ${Math.ceil(seconds / 60)} ${minutes}`
}
