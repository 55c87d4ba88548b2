import type { Language } from '../http/layout.ts'
import type { ImportState } from './entities.ts'
import type { Failure } from './file.ts'

const en = {
  title: 'Bring podcasts, take them along',
  problem: 'Error:',
  about:
    'Most podcast apps can write what you follow into an OPML file. Bring it here: each podcast in it is followed, and folders become collections.',
  file: 'OPML file',
  fileAbout: 'At most 4 MB.',
  bring: 'Bring these podcasts',
  forged: 'This form is out of date or came from another site. Please try again.',
  noFile: 'Choose a file first.',
  tooLarge: 'The file is too large: bring it in parts of at most 4 MB.',
  notOpml: 'This file can not be read as OPML:',
  tooMany: 'Several of your files wait already. Bring this one when they are done.',
  takeAlong: 'Take your podcasts along',
  exportAbout: 'A file of all you follow, with your collections as folders, that other podcast apps can read.',
  export: 'Download the OPML file',
  earlier: 'What you have brought',
  brought: 'Brought',
  state: 'State',
  progress: 'Done',
  of: 'of',
  subscribed: 'Newly followed',
  already: 'Followed before, or twice in the file',
  notTaken: 'Not taken over',
  refreshes: 'This page refreshes by itself.',
  line: 'Line',
  more: 'Show how it went',
  back: 'Bring another file',
  nameless: 'without a name',
}

type Texts = Readonly<Record<keyof typeof en, string>> & {
  readonly states: Readonly<Record<ImportState, string>>
  readonly failures: Readonly<Record<Failure, string>>
}

const english: Texts = {
  ...en,
  states: {
    waiting: 'waits for its turn',
    running: 'goes on',
    done: 'done',
    failed: 'could not be carried on; what was done stays. Please bring the file again.',
  },
  failures: {
    no_url: 'The file does not say where it is.',
    not_a_url: 'Its address is none.',
    not_a_feed_url: 'No podcast can be at an address of this kind.',
    too_long: 'Its address is too long.',
    collection_full: 'It is followed, but its collection is full.',
  },
}

const french: Texts = {
  title: 'Importer, emporter ses balados',
  problem: 'Erreur :',
  about:
    'La plupart des applications de balados savent écrire vos abonnements dans un fichier OPML. Apportez-le ici : chaque balado qu’il nomme est suivi, et les dossiers deviennent des collections.',
  file: 'Fichier OPML',
  fileAbout: '4 Mo au plus.',
  bring: 'Importer ces balados',
  forged: 'Ce formulaire est périmé ou vient d’un autre site. Veuillez réessayer.',
  noFile: 'Choisissez d’abord un fichier.',
  tooLarge: 'Le fichier est trop grand : importez-le en parties de 4 Mo au plus.',
  notOpml: 'Ce fichier ne se lit pas comme de l’OPML :',
  tooMany: 'Plusieurs de vos fichiers attendent déjà. Importez celui-ci quand ils seront terminés.',
  takeAlong: 'Emporter vos balados',
  exportAbout:
    'Un fichier de tout ce que vous suivez, avec vos collections comme dossiers, que d’autres applications savent lire.',
  export: 'Télécharger le fichier OPML',
  earlier: 'Ce que vous avez importé',
  brought: 'Importé',
  state: 'État',
  progress: 'Fait',
  of: 'sur',
  subscribed: 'Nouveaux abonnements',
  already: 'Déjà suivis, ou en double dans le fichier',
  notTaken: 'Non repris',
  refreshes: 'Cette page se recharge d’elle-même.',
  line: 'Ligne',
  more: 'Voir le résultat',
  back: 'Importer un autre fichier',
  nameless: 'sans nom',
  states: {
    waiting: 'attend son tour',
    running: 'en cours',
    done: 'terminé',
    failed: 'n’a pas pu continuer ; ce qui est fait reste. Importez le fichier à nouveau.',
  },
  failures: {
    no_url: 'Le fichier ne dit pas où il est.',
    not_a_url: 'Son adresse n’en est pas une.',
    not_a_feed_url: 'Aucun balado ne peut être à une adresse de ce genre.',
    too_long: 'Son adresse est trop longue.',
    collection_full: 'Il est suivi, mais sa collection est pleine.',
  },
}

/** What the pages of imports say, by language. */
export const opmlTexts: Readonly<Record<Language, Texts>> = { en: english, fr: french }
