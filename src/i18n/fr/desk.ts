import { kinds } from "./kinds.ts";

/** The administrator's filing desk. */
export const desk = {
  title: "Versements en attente",
  back: "Retour au compte",
  account: "Votre compte",
  list: "Pièces qui attendent quelqu’un",
  lead_one: "Une pièce attend quelqu’un. Elle est gardée, scellée, jusqu’à ce que vous décidiez.",
  lead_other:
    "{{count}} pièces attendent quelqu’un. Elles sont gardées, scellées, jusqu’à ce que vous décidiez.",
  reading: "Lecture de la liste…",
  refresh: "Relire la liste",
  again: "Réessayer",
  empty: "Rien n’attend.",
  emptyText: "Tout ce que les cas ont apporté est au dossier des patients, ou en chemin.",
  more: "La liste s’arrête ici ; d’autres pièces attendent après celles-ci.",
  offline: "Le serveur ne répond pas. Rien n’a été changé.",
  notForYou: "Cette page est réservée aux administrateurs de l’hôpital.",
  listOf: "Voici la liste de {{time}}.",
  case: "cas {{ref}}",
  caseUnknown: "cas inconnu",
  kind: {
    ...kinds,
    informed: "Information du patient",
    withdrawn: "Retrait du consentement",
    misfiled: "Déclaration de mauvais patient",
    identity: "Correction d’identité",
    unread: "Élément illisible",
  },
  sent: "Envoi : {{who}}, {{at}}.",
  since: {
    parked: "Arrêt : {{at}}.",
    waiting: "Attente depuis : {{at}}.",
    unreadable: "Réception : {{at}}. Jamais lu.",
  },
  behind_one: "Une autre pièce du même cas attend derrière celle-ci.",
  behind_other: "{{count}} autres pièces du même cas attendent derrière celle-ci.",
  retry: "Réessayer maintenant",
  acting: "En cours…",
  resolve: "Clore à la main",
  said: {
    retried: "Remise en chemin. Si elle s’arrête encore, elle reviendra dans cette liste.",
    resolved: "Close. Le cas l’apprend, avec votre raison.",
    gone: "Cette pièce n’attendait plus personne.",
    failed: "Rien n’a été changé.",
  },
  reason: {
    "patient-not-found": {
      happened: "Le dossier patient ne connaît pas ce patient.",
      todo: "Demandez au bureau des identités de retrouver son dossier, puis réessayez. Colloque ne crée jamais de patient. S’il s’agit d’une erreur de choix, la personne qui a envoyé la demande en fait une nouvelle, pour le bon patient et avec son accord ; fermez alors celle-ci sans verser.",
    },
    "patient-merged": {
      happened: "Ce dossier patient a été fusionné avec un autre.",
      todo: "Demandez au bureau des identités quel dossier est le bon. Une fois la fusion réparée, réessayez ; si le bon dossier est un autre, la personne qui a envoyé la demande en fait une nouvelle sous celui-là ; fermez alors celle-ci sans verser.",
    },
    "patient-inactive": {
      happened: "Ce dossier patient est fermé.",
      todo: "Demandez au bureau des identités pourquoi. S’il est rouvert, réessayez ; si le bon dossier est un autre, la personne qui a envoyé la demande en fait une nouvelle sous celui-là ; fermez alors celle-ci sans verser.",
    },
    "patient-matches-twice": {
      happened: "Deux dossiers répondent à l’identité de ce patient.",
      todo: "Signalez le doublon au bureau des identités. Quand il n’en reste qu’un, réessayez.",
    },
    "patient-differs": {
      happened: "Le nom, la date de naissance ou l’INS du dossier ne sont pas ceux de la demande.",
      todo: "Faites vérifier l’identité : si le dossier a été corrigé par erreur, réessayez après réparation ; si la demande vise un autre patient, la personne qui l’a envoyée en fait une nouvelle pour lui ; fermez alors celle-ci sans verser.",
    },
    "patient-lookup-unusable": {
      happened: "Le dossier patient ne sait pas chercher par identifiant : un doublon passerait inaperçu.",
      todo: "Demandez à l’équipe du dossier patient d’activer cette recherche (PDQm ou PIXm). À défaut, l’administrateur de Colloque peut y renoncer dans la configuration, puis réessayer.",
    },
    "record-refused": {
      happened: "Le dossier patient refuse cette pièce.",
      todo: "Transmettez le détail technique à l’équipe du dossier patient. Quand la cause est levée, réessayez.",
    },
    "record-fails": {
      happened: "Le dossier patient tombe en erreur chaque fois qu’il reçoit cette pièce.",
      todo: "Transmettez le détail technique à l’équipe du dossier patient. Quand il est réparé, réessayez.",
    },
    "record-conflict": {
      happened: "Un autre logiciel modifie le même élément du dossier à chaque essai.",
      todo: "Demandez à l’équipe du dossier patient ce qui écrit au même endroit, puis réessayez.",
    },
    "read-back-differs": {
      happened: "Relue, la pièce n’est pas celle qui a été envoyée.",
      todo: "Prévenez l’équipe du dossier patient avec le détail technique : quelque chose modifie ce qu’il reçoit. Ne comptez pas sur la pièce déjà visible au dossier. Réessayez après réparation.",
    },
    "read-back-missing": {
      happened: "Le dossier patient dit avoir pris la pièce, et ne la rend pas.",
      todo: "Prévenez l’équipe du dossier patient avec le détail technique, puis réessayez.",
    },
    "archive-gone": {
      happened: "La photo devait aussi aller à l’archive d’images, qui n’est plus configurée.",
      todo: "Faites rétablir l’archive dans la configuration de Colloque, puis réessayez.",
    },
    "clip-unreadable": {
      happened:
        "Cette vidéo ne peut pas être convertie pour l’archive d’images : elle est abîmée, ou n’en est pas une.",
      todo: "Regardez-la dans le cas. Si elle se lit, versez-la à la main, puis fermez-la ici ; sinon, demandez à la personne qui l’a envoyée de filmer à nouveau, puis fermez-la sans versement.",
    },
    "status-unknown": {
      happened: "Le registre des accords ne connaît pas l’accord de cette photo.",
      todo: "Demandez à la personne qui l’a envoyée d’ouvrir Colloque : son appareil a peut-être encore l’accord à transmettre. Réessayez ensuite.",
    },
    "status-stale": {
      happened: "Le registre des accords ne donne pas de réponse récente.",
      todo: "Vérifiez que Colloque et son registre sont en marche, et que l’heure du serveur est juste. Réessayez ensuite.",
    },
    "consent-not-filed": {
      happened: "L’accord dont dépend cette pièce n’est pas encore au dossier.",
      todo: "Traitez d’abord l’accord du même cas s’il est dans cette liste, puis réessayez.",
    },
    "request-by-hand": {
      happened: "La demande de ce cas a été close à la main : le dossier n’a pas où ranger cette pièce.",
      todo: "Versez-la à la main au même endroit que la demande, puis fermez-la ici.",
    },
    "consent-by-hand": {
      happened: "Un accord de ce cas a été clos à la main : cette photo ne peut pas y être rattachée.",
      todo: "La photo n’est pas détruite : elle reste lisible dans le cas. Versez-la à la main, puis fermez-la ici.",
    },
    "opinion-by-hand": {
      happened:
        "L’avis que cette pièce rectifie a été clos à la main : il n’y a rien à remplacer au dossier.",
      todo: "Versez la nouvelle version à la main, au même endroit que l’avis, puis fermez-la ici.",
    },
    "bytes-lost": {
      happened: "Le serveur de Colloque n’a plus le contenu de cette pièce.",
      todo: "Elle reste lisible dans le cas. Demandez à la personne qui l’a envoyée de l’envoyer de nouveau, puis fermez celle-ci. Prévenez le support.",
    },
    internal: {
      happened: "Colloque n’a pas su préparer cette pièce.",
      todo: "Transmettez le détail technique au support de Colloque. Après une mise à jour, réessayez ; sinon, versez-la à la main.",
    },
    "waiting-long": {
      happened: "Cette pièce n’a pas encore pu être écrite au dossier.",
      todo: "L’Archiviste réessaie de lui-même. Vérifiez que le dossier patient est en marche ; rien n’est perdu entre-temps.",
    },
    "key-missing": {
      happened: "L’Archiviste n’a pas la clé de cet élément.",
      todo: "Demandez à la personne qui l’a envoyé d’ouvrir Colloque : son appareil redonne la clé. Si l’appareil est perdu, versez l’élément à la main depuis le cas d’un confrère.",
    },
  },
  resolveTitle: "Clore à la main : {{what}}",
  howLabel: "Ce que devient la pièce",
  how: { "filed-by-hand": "Versée à la main", "not-to-be-filed": "Ne sera pas versée" },
  consequence: {
    "filed-by-hand":
      "L’Archiviste ne la versera plus. Vous dites qu’une personne l’a mise au dossier du patient.",
    "not-to-be-filed": "L’Archiviste ne la versera plus, et elle ne sera pas au dossier du patient.",
    request_zero: "Sans sa demande, rien d’autre de ce cas ne pourra être versé de soi-même.",
    request_one:
      "Sans sa demande, rien d’autre de ce cas ne pourra être versé de soi-même : la pièce qui attend derrière elle est close aussi.",
    request_other:
      "Sans sa demande, rien d’autre de ce cas ne pourra être versé de soi-même : les {{count}} pièces qui attendent derrière elle sont closes aussi.",
  },
  why: "Raison",
  whyHint: "Tous les membres du cas la liront. Ne nommez pas le patient.",
  final: "Cette décision est définitive.",
  keep: "Laisser en attente",
  confirm: {
    none: "Clore",
    "filed-by-hand": "Clore : versée à la main",
    "not-to-be-filed": "Clore sans verser",
  },
  hold: {
    how: "Dites d’abord ce que devient la pièce.",
    why: "Écrivez la raison, en {{count}} lettres au moins.",
  },
  resolvedList_one: "Close à la main récemment : une pièce",
  resolvedList_other: "Closes à la main récemment : {{count}} pièces",
  resolvedBy: "{{who}}, {{at}}",
  quoted: "« {{why}} »",
} as const;
