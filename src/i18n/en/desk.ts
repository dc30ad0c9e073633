import { kinds } from "./kinds.ts";

/** The administrator's filing desk. */
export const desk = {
  title: "Filing desk",
  back: "Back to the account",
  account: "Your account",
  list: "Pieces that wait for somebody",
  lead_one: "One piece waits for somebody. It is kept, sealed, until you decide.",
  lead_other: "{{count}} pieces wait for somebody. They are kept, sealed, until you decide.",
  reading: "Reading the list…",
  refresh: "Read the list again",
  again: "Try again",
  empty: "Nothing waits.",
  emptyText: "All that the cases brought is in the patients’ records, or on its way.",
  more: "The list ends here; other pieces wait after these.",
  offline: "The server does not answer. Nothing was changed.",
  notForYou: "This page is for the hospital’s administrators.",
  listOf: "This is the list as of {{time}}.",
  case: "case {{ref}}",
  caseUnknown: "unknown case",
  kind: {
    ...kinds,
    response: "Answer to the request",
    informed: "Patient told",
    identity: "Identity correction",
    unread: "Unreadable item",
  },
  sent: "Sent by {{who}}, {{at}}.",
  since: {
    parked: "Stopped: {{at}}.",
    waiting: "Waiting since {{at}}.",
    unreadable: "Received {{at}}, never read.",
  },
  behind_one: "One other piece of the same case waits behind this one.",
  behind_other: "{{count}} other pieces of the same case wait behind this one.",
  retry: "Try again now",
  acting: "In progress…",
  resolve: "Close by hand",
  said: {
    retried: "Back on its way. If it stops again, it will come back to this list.",
    resolved: "Closed. The case is told, with your reason.",
    gone: "This piece no longer waited for anybody.",
    failed: "Nothing was changed.",
  },
  reason: {
    "patient-not-found": {
      happened: "The patient record does not know this patient.",
      todo: "Ask the identity office to find the record, then try again. Colloque never creates a patient. If the wrong patient was picked, whoever sent the request makes a new one, for the right patient and with their consent; then close this one without filing.",
    },
    "patient-merged": {
      happened: "This patient’s record was merged into another.",
      todo: "Ask the identity office which record is right. Once the merge is mended, try again; if another record is the right one, whoever sent the request makes a new one under that; then close this one without filing.",
    },
    "patient-inactive": {
      happened: "This patient’s record is closed.",
      todo: "Ask the identity office why. If it is opened again, try again; if another record is the right one, whoever sent the request makes a new one under that; then close this one without filing.",
    },
    "patient-matches-twice": {
      happened: "Two records answer to this patient’s identity.",
      todo: "Report the duplicate to the identity office. When only one is left, try again.",
    },
    "patient-differs": {
      happened: "The name, the date of birth or the INS in the record are not those of the request.",
      todo: "Have the identity checked: if the record was changed by mistake, try again once it is mended; if the request is about somebody else, whoever sent it makes a new one for them; then close this one without filing.",
    },
    "patient-lookup-unusable": {
      happened: "The patient record cannot search by identifier: a duplicate would go unnoticed.",
      todo: "Ask the team of the patient record to turn that search on (PDQm or PIXm). Failing that, Colloque’s administrator can do without it in the configuration; then try again.",
    },
    "record-refused": {
      happened: "The patient record refuses this piece.",
      todo: "Give the technical detail to the team of the patient record. When the cause is gone, try again.",
    },
    "record-fails": {
      happened: "The patient record fails each time it is given this piece.",
      todo: "Give the technical detail to the team of the patient record. When it is mended, try again.",
    },
    "record-conflict": {
      happened: "Another program changes the same entry of the record at every try.",
      todo: "Ask the team of the patient record what writes to the same place, then try again.",
    },
    "read-back-differs": {
      happened: "Read back, the piece is not what was sent.",
      todo: "Tell the team of the patient record, with the technical detail: something changes what it is given. Do not rely on the piece that shows in the record. Try again once it is mended.",
    },
    "read-back-missing": {
      happened: "The patient record says that it took the piece, and does not give it back.",
      todo: "Tell the team of the patient record, with the technical detail, then try again.",
    },
    "archive-gone": {
      happened: "The photo was to go to the image archive too, which is no longer configured.",
      todo: "Have the archive put back into Colloque’s configuration, then try again.",
    },
    "clip-unreadable": {
      happened: "This video cannot be converted for the image archive: it is damaged, or is none.",
      todo: "Look at it in the case. If it plays, file it by hand, then close it here; if not, ask whoever sent it to film again, then close it without filing.",
    },
    "status-unknown": {
      happened: "The consent registry does not know the consent of this photo.",
      todo: "Ask whoever sent it to open Colloque: their device may still have the consent to send. Then try again.",
    },
    "status-stale": {
      happened: "The consent registry gives no recent answer.",
      todo: "Check that Colloque and its registry are running, and that the server’s clock is right. Then try again.",
    },
    "consent-not-filed": {
      happened: "The consent that this piece depends on is not in the record yet.",
      todo: "See to the consent of the same case first if it is in this list, then try again.",
    },
    "request-by-hand": {
      happened: "The request of this case was closed by hand: the record has no place for this piece.",
      todo: "File it by hand where the request was filed, then close it here.",
    },
    "consent-by-hand": {
      happened: "A consent of this case was closed by hand: this photo cannot be tied to it.",
      todo: "The photo is not destroyed: it can still be read in the case. File it by hand, then close it here.",
    },
    "opinion-by-hand": {
      happened:
        "The opinion that this piece amends was closed by hand: there is nothing to replace in the record.",
      todo: "File the new version by hand where the opinion was filed, then close it here.",
    },
    "bytes-lost": {
      happened: "Colloque’s server no longer has the content of this piece.",
      todo: "It can still be read in the case. Ask whoever sent it to send it again, then close this one. Tell support.",
    },
    internal: {
      happened: "Colloque could not prepare this piece.",
      todo: "Give the technical detail to Colloque’s support. After an update, try again; otherwise file it by hand.",
    },
    "waiting-long": {
      happened: "This piece could not be written to the record yet.",
      todo: "The archivist tries again by itself. Check that the patient record is running; nothing is lost meanwhile.",
    },
    "key-missing": {
      happened: "The archivist does not have the key of this item.",
      todo: "Ask whoever sent it to open Colloque: their device gives the key again. If the device is lost, file the item by hand from a colleague’s view of the case.",
    },
  },
  resolveTitle: "Close by hand: {{what}}",
  howLabel: "What becomes of the piece",
  how: { "filed-by-hand": "Filed by hand", "not-to-be-filed": "Will not be filed" },
  consequence: {
    "filed-by-hand":
      "The archivist will not file it any more. You say that a person has put it into the patient’s record.",
    "not-to-be-filed": "The archivist will not file it any more, and it will not be in the patient’s record.",
    request_zero: "Without its request nothing else of this case can be filed by itself.",
    request_one:
      "Without its request nothing else of this case can be filed by itself: the piece that waits behind it is closed too.",
    request_other:
      "Without its request nothing else of this case can be filed by itself: the {{count}} pieces that wait behind it are closed too.",
  },
  why: "Reason",
  whyHint: "Everybody in the case will read it. Do not name the patient.",
  final: "This decision is final.",
  keep: "Leave it waiting",
  confirm: {
    none: "Close",
    "filed-by-hand": "Close: filed by hand",
    "not-to-be-filed": "Close without filing",
  },
  hold: {
    how: "Say first what becomes of the piece.",
    why: "Write the reason, in at least {{count}} letters.",
  },
  resolvedList_one: "Closed by hand lately: one piece",
  resolvedList_other: "Closed by hand lately: {{count}} pieces",
  resolvedBy: "{{who}}, {{at}}",
  quoted: "“{{why}}”",
} as const;
