/**
 * What went wrong and what to do next, under the code that the protocol gives it: error codes, reasons of the gate, and what
 * only a screen meets. Two short sentences each.
 */
export const errors = {
  // Codes of protocol/errors.ts
  "not-signed-in": "Your session has ended. Sign in again: nothing is lost.",
  "not-a-member": "You are not part of this case. Ask the person who put the question to invite you.",
  "not-allowed": "Your account may not do this. Talk to the hospital’s administrator.",
  "not-found": "This does not exist, or no longer does. Go back to your list of cases.",
  "bad-request": "Something is missing or not in the right form. Check what you typed, then try again.",
  "too-large": "This file is too large. Take the photo again, or choose one under 40 MB.",
  "too-many": "Too many attempts in a short time. Wait a minute, then try again.",
  "gate-refused":
    "The patient’s consent does not cover this. Go through the consent with the patient before trying again.",
  "hash-mismatch":
    "The picture received is not the one that was sent: it is not shown. Ask for it to be sent again.",
  "bad-signature": "The signature is not valid: this content is not shown. Call the person who sent it.",
  withdrawn:
    "The patient withdrew consent: the picture has been erased. Go on without it, or call the person who took it.",
  "case-over":
    "This case is over and its content is in the patient’s record. Put your question in a new request.",
  "homeserver-unreachable":
    "The hospital’s messaging does not answer. What you write is kept here and leaves as soon as it is back.",
  "record-unreachable": "The patient record does not answer. Try again in a few minutes: nothing is lost.",
  "registry-unreachable":
    "The consent registry does not answer, so no photo can move. Try again in a few minutes.",
  "calls-unreachable": "The call server does not answer. Use the telephone; the case itself still works.",
  "case-ended": "This case is closed: nobody calls there any more. Open a new request, or use the telephone.",
  internal: "The hospital’s server has a fault. Try again in a minute; if it lasts, tell support.",
  // Reasons of protocol/disclose.ts
  "no-consent": "No consent of the patient comes with this picture. Obtain it, then take the photo again.",
  "opinion-not-granted":
    "The patient did not agree to asking for this opinion. Talk it over before sending anything.",
  "purpose-not-granted":
    "The patient did not agree to photos being used for this. Talk it over before sending anything.",
  "video-not-granted":
    "The patient did not agree to being filmed. Obtain consent for the video, then film again.",
  "audience-not-covered":
    "The patient’s consent does not cover these recipients. Address a named colleague, or obtain a wider consent.",
  expired: "The patient’s consent has run out. Obtain a new one.",
  "not-yet-valid": "The consent bears a date in the future. Check the time on this device.",
  "status-unknown":
    "The registry does not know this consent yet. This settles by itself when the network is back.",
  "status-stale": "The consent could not be checked for too long. Find a network to show the picture.",
  "receipt-of-another-case": "This picture belongs to another case: it is not shown. Report it to support.",
  "receipt-of-another-patient":
    "This picture belongs to another patient: it is not shown. Report it to support.",
  "receipt-of-another-consent":
    "This picture refers to another consent: it is not shown. Take the photo again.",
  "taken-before-consent":
    "The photo was taken before the patient agreed: it cannot leave. Take it again now.",
  // What only a screen meets
  arriving: "The photo is announced and its data are on their way. It will show by itself.",
  "wrong-password": "This user name and password do not match. Check them, then try again.",
  "account-disabled": "This account is closed. Talk to the hospital’s administrator.",
  "wrong-key":
    "This recovery key is not the one of your account. Check each group of letters, then try again.",
  "storage-full": "This device is out of space: nothing was kept. Free some space, then try again.",
} as const;
