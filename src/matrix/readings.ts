import { accessesSchema, apiPrefix, patientMatchesSchema, recordViewSchema } from "#protocol/api.ts";
import { type CasePhoto, ofOnePhoto } from "#protocol/case-state.ts";
import { copiesSchema, copyObstacleSchema } from "#protocol/copies.ts";
import type { CaseEvent } from "#protocol/events.ts";
import type { Rendition } from "#protocol/receipt.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import type { DoorCore } from "./core.ts";
import type { PhotoInCase } from "./media/read.ts";
import type { Door, PictureRefusal } from "./types.ts";

type Readings = Pick<
  Door,
  | "readPicture"
  | "mayStillShow"
  | "readAccesses"
  | "searchPatients"
  | "readRecord"
  | "readRecordEntry"
  | "readCopies"
  | "askCopy"
>;

const gone: PictureRefusal = { kind: "unavailable", code: "not-found" };

type PictureEvent = CasePhoto & { readonly rendition: Rendition };

function asPicture(event: CaseEvent): PictureEvent[] {
  if (event.kind === "photo") return [{ ...event, rendition: "full" }];
  return event.kind === "preview" ? [{ ...event, photo: event.preview, rendition: "preview" }] : [];
}

/** What the screens ask for: pictures, patients, the record. */
export function createReadings(core: DoorCore): Readings {
  const { api, pictures } = core;
  /** A picture of a case with what its gate asks about, and the form that is there. */
  const find = (
    roomId: string,
    eventId: string,
    rendition: Rendition,
  ): Result<{ inCase: PhotoInCase; given: Rendition }, PictureRefusal> => {
    const view = core.live()?.timeline.store.getState().byRoom.get(roomId);
    const photos = view?.events.flatMap(asPicture) ?? [];
    const named = photos.find((each) => each.eventId === eventId);
    if (view === undefined || named === undefined) return err(gone);
    const asked = photos.find((each) => each.rendition === rendition && ofOnePhoto(each, named));
    // The whole picture comes after its preview; a photo without a preview has only itself.
    if (asked === undefined && rendition === "full") return err({ kind: "arriving" });
    const { photo, sender, rendition: given } = asked ?? named;
    const consents = view.events.flatMap((each) => (each.kind === "consent" ? [each.consent] : []));
    return ok({ inCase: { roomId, caseId: view.caseId, sender, photo, consents }, given });
  };

  return {
    async readPicture(roomId, eventId, rendition, how) {
      const found = find(roomId, eventId, rendition);
      return found.ok ? pictures.read(found.value.inCase, found.value.given, how) : found;
    },
    async mayStillShow(roomId, eventId) {
      // Either form stands and falls with the other: a preview goes with its photo.
      const found = find(roomId, eventId, "preview");
      return found.ok ? pictures.mayShow(found.value.inCase, found.value.given) : found;
    },
    async readAccesses(roomId) {
      const answer = await api.get(`/cases/${encodeURIComponent(roomId)}/accesses`, accessesSchema);
      return answer.ok ? ok(answer.value.accesses) : answer;
    },
    searchPatients: (query) => api.post("/patients/search", query, patientMatchesSchema),
    readRecord: (roomId) => api.get(`/cases/${encodeURIComponent(roomId)}/record`, recordViewSchema),
    readCopies: (roomId) => api.get(`/cases/${encodeURIComponent(roomId)}/copies`, copiesSchema),
    async askCopy(roomId, asked) {
      const answer = await api.tell(`/cases/${encodeURIComponent(roomId)}/copies`, asked);
      if (answer.ok) return answer;
      const obstacle = copyObstacleSchema.safeParse(answer.error.why);
      return err({ code: answer.error.code, obstacle: obstacle.success ? obstacle.data : null });
    },
    async readRecordEntry(roomId, entryId) {
      const path = `/cases/${encodeURIComponent(roomId)}/record/${encodeURIComponent(entryId)}`;
      const answer = await api.raw(`${api.baseUrl}${apiPrefix}${path}`);
      if (!answer.ok) return err(answer.error.code);
      return answer.value.blob().then(ok, () => err("homeserver-unreachable" as const));
    },
  };
}
