import type { Json } from "#protocol/canonical.ts";
import { idOf, sha256Hex } from "../ids.ts";
import type { Stamp } from "../stamp/token.ts";
import { archivistReference, concept, instant } from "./codes.ts";
import type { Write } from "./types.ts";

const participants = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";

/**
 * A time stamp over an opinion's signature, as a Provenance of its own beside the opinion's: that one is written once and stays as it is,
 * whenever the stamp comes. What is stamped is the compact JWS, as the signature before it holds it; the authorities that the token leads to
 * are filed with it, so that nobody need find them again.
 */
export function planStamp(
  eventId: string,
  stamp: Stamp,
  ca: Uint8Array,
): { writes: readonly Write[]; blobs: Readonly<Record<string, Uint8Array>> } {
  const caId = idOf(`timestamp-ca ${sha256Hex(ca)}`, "Binary");
  const who = { display: stamp.by };
  const provenance = {
    resourceType: "Provenance",
    id: idOf(eventId, "Provenance timestamp"),
    target: [
      { reference: `DiagnosticReport/${idOf(eventId, "DiagnosticReport")}` },
      { reference: `Provenance/${idOf(eventId, "Provenance")}` },
    ],
    occurredDateTime: instant(stamp.atMs),
    recorded: instant(stamp.atMs),
    agent: [
      { type: concept(participants, "attester"), who },
      { type: concept(participants, "assembler"), who: archivistReference },
    ],
    entity: [
      {
        role: "source",
        what: { reference: `Binary/${caId}`, display: "Autorités de l’horodatage (PEM)" },
      },
    ],
    signature: [
      {
        type: [
          {
            system: "urn:iso-astm:E1762-95:2013",
            code: "1.2.840.10065.1.12.1.18",
            display: "Timestamp Signature",
          },
        ],
        when: instant(stamp.atMs),
        who,
        targetFormat: "application/jose",
        // ETSI EN 319 422, annex C: a TimeStampToken in DER.
        sigFormat: "application/vnd.etsi.timestamp-token",
        data: Buffer.from(stamp.token).toString("base64"),
      },
    ] satisfies Json,
  };
  return {
    writes: [
      {
        resource: { resourceType: "Binary", id: caId, contentType: "application/pem-certificate-chain" },
        blob: "timestamp-ca",
      },
      { resource: provenance },
    ],
    blobs: { "timestamp-ca": ca },
  };
}
