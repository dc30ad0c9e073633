/** Types of our own to-device messages, always sent encrypted. */

/**
 * A member's new device asks the archivist for the keys of a case again: `{ room_id }`. The answer is a key bundle (MSC4268), which
 * the device must be waiting for.
 */
export const keyRequestType = "fr.colloque.keys.request";
