import { type CaseState, foldCase } from "#protocol/case-state.ts";
import type { Patient } from "#protocol/patient.ts";
import type { Queries } from "../store/index.ts";
import { underId, underIds } from "./anew.ts";
import type { FilingStore } from "./store.ts";
import type { FileableEvent, FileableKind, InboxItem } from "./work.ts";

/** A case as far as it is filed. */
export type FiledCase = {
  /** With Matrix's own ids, which what is signed refers to: what the gate judges. */
  readonly said: CaseState;
  /** With the ids that things are filed under: what is planned, and found again. */
  readonly state: CaseState;
  /** Its events in the order in which they are filed, under those ids. */
  readonly events: readonly FileableEvent[];
  /** The last of them as it was said, and what it was filed under before; where one was asked for, that one. */
  readonly last: Pick<InboxItem, "event" | "before"> | undefined;
  /** Undefined before the request. */
  readonly patient: Patient | undefined;
};

/** Everything of a case that counts, up to and with one item where one is named. */
export async function readCase(
  store: Pick<FilingStore, "itemsUpTo">,
  roomId: string,
  upTo: { readonly event_id: string; readonly kind: FileableKind } | undefined = undefined,
  q?: Queries,
): Promise<FiledCase> {
  // That it is of the wrong patient can be said of a case that could not be filed for that very reason.
  const ofWhom = upTo?.kind === "misfiled" || upTo?.kind === "identity";
  const items = await store.itemsUpTo(roomId, upTo?.event_id ?? "", ofWhom, q);
  const said = foldCase(
    // Whose word a withdrawal is does not matter here, for the gate asks the registry; nor a call's, of which only the archivist's is taken in.
    items.map(({ event }) =>
      event.kind === "withdrawn" || event.kind === "call" ? { ...event, sender: "" } : event,
    ),
    "",
  );
  const last = items.at(-1);
  return {
    said,
    state: underIds(said, new Map(items.map(({ id, event }) => [event.eventId, id]))),
    events: items.map(({ id, event }) => underId(event, id)),
    last,
    patient:
      said.request?.request.patient ??
      (last?.event.kind === "request" ? last.event.request.patient : undefined),
  };
}
