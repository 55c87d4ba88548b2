import type { Language } from '../../http/layout.ts'

const en = {
  title: 'Your account',
  problem: 'Error:',
  password: 'Password',
  currentPassword: 'Present password',
  newPassword: 'New password',
  newPasswordAbout: '8 characters or more. All other browsers will have to log in again.',
  changePassword: 'Change the password',
  wrongPassword: 'The password is wrong.',
  badNewPassword: 'The new password must have 8 to 1,024 characters.',
  passwordChanged: 'The password was changed. All other browsers were logged out.',
  twoSteps: 'Log-in in two steps',
  twoStepsAbout:
    'Besides the password, log-in then asks for a code that an authenticator app on your phone shows. Whoever learns your password still can’t get in.',
  setUp: 'Set up log-in in two steps',
  isOn: 'Log-in in two steps is on.',
  codesLeft: 'Recovery codes that are left:',
  code: 'Code',
  codeAbout: 'The six digits that the app shows, or a recovery code.',
  switchOff: 'Switch it off',
  switchedOff: 'Log-in in two steps is off.',
  wrongCode: 'This code is wrong, too old, or was used before.',
  scan: 'Scan this picture with an authenticator app:',
  qr: 'QR code for an authenticator app',
  orType: 'Or type this secret into the app:',
  openApp: 'Open it in an app on this device',
  firstCode: 'The six digits that the app shows now',
  switchOn: 'Switch it on',
  switchedOn: 'Log-in in two steps is on',
  keepCodes:
    'Keep these recovery codes where you would find them without your phone. Each lets you in once. They are not shown again.',
  backToAccount: 'Back to your account',
  sessions: 'Browsers that are logged in',
  unknownBrowser: 'A browser that does not say its name',
  on: 'on',
  thisBrowser: 'this one',
  since: 'Since',
  lastSeen: 'Last seen',
  logOutThere: 'Log out there',
  logOutOthers: 'Log out all others',
  ended: 'Logged out.',
} as const

type Texts = Readonly<Record<keyof typeof en, string>>

const fr: Texts = {
  title: 'Votre compte',
  problem: 'Erreur :',
  password: 'Mot de passe',
  currentPassword: 'Mot de passe actuel',
  newPassword: 'Nouveau mot de passe',
  newPasswordAbout: '8 caractères ou plus. Tous les autres navigateurs devront se reconnecter.',
  changePassword: 'Changer le mot de passe',
  wrongPassword: 'Le mot de passe est faux.',
  badNewPassword: 'Le nouveau mot de passe doit avoir de 8 à 1 024 caractères.',
  passwordChanged: 'Le mot de passe a été changé. Tous les autres navigateurs ont été déconnectés.',
  twoSteps: 'Connexion en deux étapes',
  twoStepsAbout:
    'En plus du mot de passe, la connexion demande alors un code affiché par une application d’authentification sur votre téléphone. Quiconque apprend votre mot de passe ne peut toujours pas entrer.',
  setUp: 'Configurer la connexion en deux étapes',
  isOn: 'La connexion en deux étapes est activée.',
  codesLeft: 'Codes de secours restants :',
  code: 'Code',
  codeAbout: 'Les six chiffres affichés par l’application, ou un code de secours.',
  switchOff: 'Désactiver',
  switchedOff: 'La connexion en deux étapes est désactivée.',
  wrongCode: 'Ce code est faux, trop ancien ou déjà utilisé.',
  scan: 'Scannez cette image avec une application d’authentification :',
  qr: 'Code QR pour une application d’authentification',
  orType: 'Ou saisissez ce secret dans l’application :',
  openApp: 'L’ouvrir dans une application de cet appareil',
  firstCode: 'Les six chiffres que l’application affiche maintenant',
  switchOn: 'Activer',
  switchedOn: 'La connexion en deux étapes est activée',
  keepCodes:
    'Gardez ces codes de secours là où vous les trouveriez sans votre téléphone. Chacun vous laisse entrer une fois. Ils ne seront plus affichés.',
  backToAccount: 'Retour à votre compte',
  sessions: 'Navigateurs connectés',
  unknownBrowser: 'Un navigateur qui ne dit pas son nom',
  on: 'sur',
  thisBrowser: 'celui-ci',
  since: 'Depuis',
  lastSeen: 'Vu pour la dernière fois',
  logOutThere: 'Déconnecter',
  logOutOthers: 'Déconnecter tous les autres',
  ended: 'Déconnecté.',
}

/** What the pages of one's own account say, by language. */
export const settingsTexts: Readonly<Record<Language, Texts>> = { en, fr }

export type SettingsTexts = Texts
