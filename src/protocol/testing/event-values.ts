/** One good value of each part of a case's events, for tests that change one member of them. */
export const hash = "0123456789abcdef".repeat(4);
export const pseudonym = "abcdefghijklmnopqrstuv";
export const uuid = "7f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";
export const other = "8f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";
export const user = "@a:b.example";
export const now = "2026-03-01T10:00:00Z";
export const signed = <T>(payload: T) => ({ payload, jws: "ab..cd", certificate: "ab.cd.ef" });

export const request = {
  caseId: uuid,
  patient: { recordId: "p1", family: "D", given: "J", sex: "female", identity: "provisional" },
  addressee: { kind: "person", userId: user },
  specialty: "dermatology",
  urgency: "today",
  dueAt: now,
  question: "?",
  history: "",
  requester: user,
  createdAt: now,
};
export const file = {
  url: "mxc://b.example/abc",
  v: "v2",
  key: { kty: "oct", alg: "A256CTR", ext: true, k: "A".repeat(43), key_ops: ["encrypt", "decrypt"] },
  iv: "A".repeat(22),
  hashes: { sha256: "A".repeat(43) },
};
export const receipt = {
  v: 1,
  receiptId: uuid,
  consentId: uuid,
  caseId: uuid,
  pseudonym,
  pictureSha256: hash,
  ciphertexts: [{ rendition: "full", sha256: hash, bytes: 1 }],
  takenBy: user,
  takenAt: now,
  source: "camera",
};
export const picture = {
  photoId: uuid,
  receipt: signed(receipt),
  site: { region: "back", laterality: "U" },
  view: "overview",
  widthPx: 1,
  heightPx: 1,
  bytes: 1,
  file,
};
export const preview = { ...picture, receipt: signed({ ...receipt, receiptId: other, derivedFrom: uuid }) };
export const opinion = {
  opinionId: uuid,
  caseId: uuid,
  requestEventId: "$e",
  findings: "",
  assessment: "a",
  certainty: "probable",
  plan: "p",
  ifWorse: "i",
  inPerson: { needed: false },
  limits: "",
  picturesSeen: [hash],
  author: user,
  signedAt: now,
};
export const consent = {
  consent: signed({
    v: 1,
    consentId: uuid,
    caseId: uuid,
    pseudonym,
    decisions: [{ purpose: "opinion", granted: true }],
    recipients: [{ kind: "person", userId: user }],
    method: "oral-witnessed",
    givenBy: "patient",
    notice: { version: "1", sha256: hash, language: "fr" },
    evidenceSha256: hash,
    collectedBy: user,
    collectedAt: now,
    expiresAt: "2026-04-01T10:00:00Z",
  }),
  evidence: { consentId: uuid, noticeText: "…" },
};
export const glass = signed({
  v: 1,
  glassId: uuid,
  caseId: uuid,
  consentId: uuid,
  reader: user,
  openedBy: user,
  reasonSha256: hash,
  openedAt: now,
  endsAt: now,
});
export const filed = { ofEvent: "$e", kind: "photo", outcome: { state: "waiting", since: now } };
export const withdrawn = {
  consentId: uuid,
  at: now,
  by: user,
  reason: "patient-asked",
  photos: 0,
  inRecord: 0,
};
export const informed = { of: { kind: "glass", glassId: uuid }, whom: "patient", at: now };
export const seen = { ofEvents: ["$e"], at: now };
export const info = { mimetype: "image/jpeg", w: 1, h: 1, size: 1 };
