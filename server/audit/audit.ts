import { type Accesses, accessesSchema } from "#protocol/api.ts";
import type { Json } from "#protocol/canonical.ts";
import type { Rendition } from "#protocol/receipt.ts";
import type { RoleContext } from "../kit/role.ts";
import { openChain } from "./chain.ts";

type Who = { readonly actor: string };
type InCase = { readonly caseId: string };

/**
 * One function for each business event. Each writes the audit row and the log line, so that no call site decides what may be
 * kept: ids, counts and codes; never a name, a search trait, a word of a request. All resolve once the row is on the disk.
 */
export type Audit = {
  signedIn(event: { userId: string; outcome: "ok" | "refused" }): Promise<void>;
  signedOut(event: Who): Promise<void>;
  keyCertified(event: Who & { device: string; kid: string }): Promise<void>;
  becameReady(event: Who): Promise<void>;
  /** By which kind of question, not which one, and how many were found. */
  patientsSearched(event: Who & { by: "identifier" | "traits"; found: number }): Promise<void>;
  caseOpened(event: Who & InCase & { roomId: string }): Promise<void>;
  consentRegistered(event: Who & InCase & { consentId: string }): Promise<void>;
  consentWithdrawn(
    event: Who & InCase & { consentId: string; reason: string; receipts: number },
  ): Promise<void>;
  /** BTG: somebody was let in where the consent ends. `reasonSha256` is of the words, which are in the case. */
  glassBroken(
    event: Who &
      InCase & {
        consentId: string;
        glassId: string;
        reader: string;
        reasonSha256: string;
        untilMs: number;
        late: boolean;
      },
  ): Promise<void>;
  permitGiven(event: Who & InCase & { receiptId: string; consentId: string; files: number }): Promise<void>;
  /** The bytes that were announced have all come in; the homeserver is about to have the last of them. */
  uploadFinished(event: Who & InCase & { mxc: string; bytes: number }): Promise<void>;
  uploadRefused(event: Who & { mxc: string; reason: string }): Promise<void>;
  /** The ciphertext of a picture was given to a person's device, or read by a machine. */
  pictureRead(
    event: Who & InCase & { receiptId: string; mxc: string; rendition: Rendition; how: "view" | "machine" },
  ): Promise<void>;
  /** Who read which picture of a case, when: the latest, newest first. */
  accessesOfCase(caseId: string): Promise<Accesses["accesses"]>;
  keyBundleRead(event: Who & { mxc: string }): Promise<void>;
  /** The gate said no. */
  disclosureRefused(event: Who & { caseId: string | undefined; what: string; reason: string }): Promise<void>;
  inviteDecided(
    event: Who & { roomId: string; invitee: string; allowed: boolean; reason: string },
  ): Promise<void>;
  recordEntryRead(event: Who & { roomId: string; entry: string }): Promise<void>;
  mediaRemoved(event: { mxc: string }): Promise<void>;
  /** For other roles (bot, filing): the same rules about what `details` may hold. */
  note(event: {
    event: string;
    actor?: string;
    caseId?: string;
    details?: Record<string, Json>;
  }): Promise<void>;
  /** The number of the first row of the trail that does not fit, if any. */
  firstBroken(): Promise<number | undefined>;
};

const maxAccesses = 2000;
const accessSchema = accessesSchema.shape.accesses.unwrap();

export async function createAudit(
  context: Pick<RoleContext, "db" | "clock" | "log">,
): Promise<Audit & AsyncDisposable> {
  const chain = await openChain(context.db, context.clock);
  const log = context.log.child({ part: "audit" });

  /** An audit function for one event: who and which case have columns of their own, the rest are details. */
  const event =
    (name: string) =>
    (given: Readonly<Record<string, Json | undefined>>): Promise<void> => {
      const { actor, caseId, ...rest } = given;
      const details = Object.fromEntries(
        Object.entries(rest).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
      );
      log.info({ event: name, actor, caseId, ...details }, name);
      return chain.append({
        event: name,
        actor: typeof actor === "string" ? actor : undefined,
        caseId: typeof caseId === "string" ? caseId : undefined,
        details,
      });
    };

  return {
    signedIn: ({ userId, outcome }) => event("signed-in")({ actor: userId, outcome }),
    signedOut: event("signed-out"),
    keyCertified: event("key-certified"),
    becameReady: event("became-ready"),
    patientsSearched: event("patients-searched"),
    caseOpened: event("case-opened"),
    consentRegistered: event("consent-registered"),
    consentWithdrawn: event("consent-withdrawn"),
    glassBroken: (given) => event("glass-broken")({ ...given, type: "BTG" }),
    permitGiven: event("permit-given"),
    uploadFinished: event("upload-finished"),
    uploadRefused: event("upload-refused"),
    pictureRead: event("picture-read"),
    keyBundleRead: event("key-bundle-read"),
    disclosureRefused: event("disclosure-refused"),
    inviteDecided: event("invite-decided"),
    recordEntryRead: event("record-entry-read"),
    mediaRemoved: event("media-removed"),
    note: ({ event: name, actor, caseId, details }) => event(name)({ actor, caseId, ...details }),
    accessesOfCase: async (caseId) =>
      (await chain.ofCase(caseId, "picture-read", maxAccesses)).flatMap(({ actor, at, details }) => {
        const parsed = accessSchema.safeParse({ ...details, by: actor, at: new Date(at).toISOString() });
        return parsed.success ? [parsed.data] : [];
      }),
    firstBroken: chain.firstBroken,
    [Symbol.asyncDispose]: async () => {},
  };
}
