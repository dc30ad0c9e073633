/**
 * Faults, each put into the product's own source as it is loaded (see faults.config.ts) to see that the model test finds it. `from` must
 * stand in the file exactly once: a fault that no longer fits its source is an error, not a pass.
 */
export type Fault = {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
};

const fault = (name: string, file: string, from: string, to: string): Fault => ({ name, file, from, to });

const disclose = "src/protocol/disclose.ts";
const reader = "src/matrix/media/read.ts";
const routes = "server/gateway/consent-routes.ts";
const media = "server/gateway/media.ts";

export const faults: readonly Fault[] = [
  // The rule
  fault("expiry skipped", disclose, 'return refuse("expired");', "{}"),
  fault("withdrawal ignored", disclose, 'if (status.state === "withdrawn") return refuse("withdrawn");', ""),
  fault(
    "opinion not asked for",
    disclose,
    'if (!grants(consent, "opinion")) return refuse("opinion-not-granted");',
    "",
  ),
  fault(
    "clip under a yes to photos alone",
    disclose,
    'if (receipt.clip === true && !grants(consent, "video")) return refuse("video-not-granted");',
    "",
  ),
  fault(
    "stranger treated as team",
    disclose,
    'return addressed ? "addressed" : "stranger";',
    'return addressed ? "addressed" : "team";',
  ),
  fault(
    "pool treated as team",
    disclose,
    'return addressed ? "addressed" : "stranger";',
    'return addressed ? "team" : "stranger";',
  ),
  fault(
    "team shown what is for the named",
    disclose,
    'return any("care-team", "care-outside-team") ? allow',
    'return any("care-named", "care-team", "care-outside-team") ? allow',
  ),
  fault(
    "receipt of another patient accepted",
    disclose,
    'if (receipt.pseudonym !== consent.pseudonym) return "receipt-of-another-patient";',
    "",
  ),
  fault(
    "picture from before the consent accepted",
    disclose,
    'return "taken-before-consent";',
    "return null;",
  ),
  fault(
    "pool let in without a yes",
    disclose,
    'return consent.method === "non-opposition" ? refuse("audience-not-covered") : allow;',
    "return allow;",
  ),
  fault(
    "faulty consent registered",
    "server/consent/consents.ts",
    "if (fault !== null) throw refused(fault);",
    "",
  ),
  // The registry
  fault(
    "consent brought by another",
    "server/consent/consents.ts",
    "if (certificate.sub !== caller || payload.collectedBy !== caller)",
    "if (false)",
  ),
  fault(
    "anybody withdraws",
    "server/consent/withdrawals.ts",
    "if (!isColleague && row.consent.collectedBy !== caller && inCase?.owner !== caller)",
    "if (false)",
  ),
  fault("revocation log not replayed", "server/consent/registry.ts", "of await revocations.all())", "of [])"),
  fault(
    "permit outlives its consent",
    "server/consent/permits.ts",
    'const live = permit.state === "live" && consent.state === "live";',
    "const live = true;",
  ),
  fault(
    "glass without end",
    "server/consent/glasses.ts",
    "const untilMs = Math.min(ends, late ? now : now + longestMs);",
    "const untilMs = ends + 1e12;",
  ),
  fault(
    "glass over a withdrawal",
    "server/consent/glasses.ts",
    'if (row.state !== "live") throw new ColloqueError("withdrawn", { details: { reason: "withdrawn" } });',
    "",
  ),
  fault(
    "glass longer than the rules have it",
    "server/consent/glasses.ts",
    "if (ends <= opened || ends - opened > longestMs)",
    "if (ends <= opened)",
  ),
  // Gate 2
  fault(
    "permit for another case's room",
    routes,
    'if (inCase?.caseId !== receipt.caseId) throw await refused("receipt-of-another-case");',
    "",
  ),
  fault("permit without membership", routes, 'if (!isJoined) throw new ColloqueError("not-a-member");', ""),
  fault(
    "registry's word for non-members",
    "server/gateway/callers.ts",
    'if (!(await parts.memberships.isJoined(userId, roomId))) throw new ColloqueError("not-a-member");',
    "",
  ),
  fault(
    "membership not asked at a download",
    media,
    "const joined = await memberships.isJoined(userId, before.roomId);",
    "const joined = true;",
  ),
  fault(
    "membership believed for ever",
    "server/gateway/memberships.ts",
    "if (entry === undefined || !isGoodEnough(entry.learnt)) {",
    "if (entry === undefined) {",
  ),
  fault(
    "news of a membership not heard",
    "server/gateway/memberships.ts",
    "if (roomId !== undefined) known.delete(roomId);",
    "",
  ),
  fault(
    "hash not compared at an upload",
    media,
    'if (length !== expected.bytes || hash.digest("hex") !== expected.sha256)',
    "if (length !== expected.bytes)",
  ),
  fault(
    "permit of another uploader used",
    media,
    'if (picture.kind !== "picture" || picture.uploader !== userId)',
    'if (picture.kind !== "picture")',
  ),
  fault(
    "anybody invites",
    "server/gateway/policy-socket.ts",
    'if (inviter !== bot) return { allow: false, reason: "only-the-archivist-invites" };',
    "",
  ),
  // Gates 1 and 3
  fault(
    "only the record asked about before sending",
    "src/matrix/media/send.ts",
    "for (const audience of audiences) {",
    "for (const audience of audiences.slice(0, 1)) {",
  ),
  fault(
    "hash of the picture not compared",
    reader,
    'if (sha256 !== photo.receipt.payload.pictureSha256) return refused("hash-mismatch");',
    "",
  ),
  fault(
    "receipt's signature not verified",
    reader,
    "|| !(await verifySigned(photo.receipt, registryKey, taken)).ok)",
    ")",
  ),
  fault("picture sent on by another", reader, "if (receipt.takenBy !== sender || ", "if ("),
  fault(
    "lease believed for ever",
    "src/matrix/registry.ts",
    "Math.max(0, claims.exp - claims.iat) * 1000 - ageMs();",
    "Math.max(0, claims.exp - claims.iat) * 1e9 - ageMs();",
  ),
  fault(
    "registry's last word believed for ever",
    "src/protocol/offline.ts",
    "Math.max(leaseMs, offlineHours * 3_600_000);",
    "offlineHours * 3_600_000_000;",
  ),
  fault(
    "emergency on the device without end",
    "src/protocol/offline.ts",
    "nowMs - ageMs + localGlassMinutes * 60_000;",
    "nowMs - ageMs + localGlassMinutes * 60_000_000;",
  ),
  fault(
    "age by the clock on the wall alone",
    "src/matrix/kit/clock.ts",
    "Math.max(0, nowMs() - mark.wallMs, monoMs() - mark.monoMs);",
    "Math.max(0, nowMs() - mark.wallMs);",
  ),
  fault(
    "emergency on the device past a withdrawal",
    "src/matrix/media/read.ts",
    "const word = { state: stateOf(lease, receipt), ageMs: lease.ageMs() };",
    'const word = { state: emergency === null ? stateOf(lease, receipt) : ("live" as const), ageMs: 0 };',
  ),
  fault(
    "lease of another consent",
    "src/matrix/registry.ts",
    "({ claims }) => claims.consentId === consentId && claims.caseId === caseId);",
    "({ claims }) => claims.caseId === caseId);",
  ),
  // Gate 4
  fault(
    "record takes a picture with another hash",
    "server/filing/gate.ts",
    'if (sha256Hex(picture) !== receipt.pictureSha256) return refuse("picture-differs");',
    "",
  ),
  fault(
    "record does not ask for the status",
    "server/filing/gate.ts",
    "const status = await ask(receipt.consentId, receipt.receiptId);",
    'const status: Status = { state: "live", untilMs: nowMs };',
  ),
  fault(
    "record keeps to the patient's former word",
    "server/filing/gate.ts",
    "first === null ? null : inForce(first, await laterWords(state, ask));",
    "first;",
  ),
  fault(
    "registry keeps to the patient's former word",
    "server/consent/consents.ts",
    "consent: inForce(row.consent, liveOnes(inCase)),",
    "consent: row.consent,",
  ),
];

/** A few that are tried with every `npm test`; `npm run test:full` tries all. */
export const quickFaults: readonly string[] = ["withdrawal ignored", "membership not asked at a download"];
