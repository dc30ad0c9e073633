/**
 * What went wrong and what to do next, under the code that the protocol gives it: error codes, reasons of the gate, and what
 * only a screen meets. Two short sentences each.
 */
export const errors = {
  // Codes of protocol/errors.ts
  "not-signed-in": "Votre session est terminée. Connectez-vous de nouveau : rien n’est perdu.",
  "not-a-member":
    "Vous ne faites pas partie de ce cas. Demandez à la personne qui a posé la question de vous y inviter.",
  "not-allowed":
    "Cette action n’est pas permise avec votre compte. Adressez-vous à l’administrateur de l’hôpital.",
  "not-found": "Cet élément n’existe pas, ou plus. Revenez à la liste de vos cas.",
  "bad-request":
    "Une information manque ou n’est pas au bon format. Relisez ce que vous avez saisi, puis recommencez.",
  "too-large": "Ce fichier est trop lourd. Reprenez la photo, ou choisissez-en une de moins de 40 Mo.",
  "too-many": "Trop d’essais en peu de temps. Patientez une minute, puis recommencez.",
  "gate-refused":
    "L’accord du patient ne couvre pas cet envoi. Relisez l’accord avec le patient avant de recommencer.",
  "hash-mismatch":
    "L’image reçue n’est pas celle qui a été envoyée : elle n’est pas affichée. Demandez un nouvel envoi.",
  "bad-signature":
    "La signature n’est pas valable : ce contenu n’est pas affiché. Appelez la personne qui l’a envoyé.",
  withdrawn:
    "Le patient a retiré son accord : l’image a été effacée. Poursuivez sans elle, ou appelez la personne qui l’a prise.",
  "case-over":
    "Ce cas est terminé et son contenu est au dossier du patient. Posez votre question dans une nouvelle demande d’avis.",
  "homeserver-unreachable":
    "La messagerie de l’hôpital ne répond pas. Ce que vous écrivez est gardé ici et partira dès son retour.",
  "record-unreachable":
    "Le dossier patient ne répond pas. Réessayez dans quelques minutes : rien n’est perdu.",
  "registry-unreachable":
    "Le registre des accords ne répond pas, donc aucune photo ne peut circuler. Réessayez dans quelques minutes.",
  "calls-unreachable":
    "Le serveur des appels ne répond pas. Téléphonez ; le dossier, lui, fonctionne toujours.",
  "case-ended": "Ce dossier est clos : on n’y appelle plus. Ouvrez une nouvelle demande, ou téléphonez.",
  internal:
    "Le serveur de l’hôpital a rencontré une panne. Réessayez dans une minute ; si cela dure, prévenez le support.",
  // Reasons of protocol/disclose.ts
  "no-consent":
    "Aucun accord du patient n’accompagne cette image. Recueillez son accord, puis reprenez la photo.",
  "opinion-not-granted":
    "Le patient n’a pas accepté la demande d’avis. Reparlez-en avec lui avant tout envoi.",
  "purpose-not-granted":
    "Le patient n’a pas accepté que ses photos servent à cela. Reparlez-en avec lui avant tout envoi.",
  "video-not-granted":
    "Le patient n’a pas accepté d’être filmé. Recueillez son accord pour la vidéo, puis filmez à nouveau.",
  "audience-not-covered":
    "L’accord du patient ne couvre pas ces destinataires. Adressez la demande à un confrère nommé, ou recueillez un accord plus large.",
  expired: "L’accord du patient est arrivé à son terme. Recueillez un nouvel accord.",
  "not-yet-valid": "L’accord porte une date à venir. Vérifiez l’heure de cet appareil.",
  "status-unknown":
    "Le registre ne connaît pas encore cet accord. Cela se règle de soi-même quand le réseau revient.",
  "status-stale":
    "L’accord n’a pas pu être vérifié depuis trop longtemps. Retrouvez du réseau pour afficher l’image.",
  "receipt-of-another-case":
    "Cette image appartient à un autre cas : elle n’est pas affichée. Signalez-le au support.",
  "receipt-of-another-patient":
    "Cette image appartient à un autre patient : elle n’est pas affichée. Signalez-le au support.",
  "receipt-of-another-consent":
    "Cette image renvoie à un autre accord : elle n’est pas affichée. Reprenez la photo.",
  "taken-before-consent":
    "La photo a été prise avant l’accord du patient : elle ne peut pas partir. Reprenez-la maintenant.",
  // What only a screen meets
  arriving: "La photo est annoncée, ses données arrivent. Elle s’affichera toute seule.",
  "wrong-password": "L’identifiant et le mot de passe ne vont pas ensemble. Vérifiez-les, puis recommencez.",
  "account-disabled": "Ce compte est fermé. Adressez-vous à l’administrateur de l’hôpital.",
  "wrong-key":
    "Cette clé de récupération n’est pas celle de votre compte. Vérifiez chaque groupe de lettres, puis recommencez.",
  "storage-full":
    "Cet appareil n’a plus de place : rien n’a été gardé. Libérez de l’espace, puis recommencez.",
} as const;
