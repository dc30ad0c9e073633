import { apiPrefix, patientMatchesSchema, recordViewSchema } from "#protocol/api.ts";
import { type CasePhoto, ofOnePhoto } from "#protocol/case-state.ts";
import type { CaseEvent } from "#protocol/events.ts";
import type { Rendition } from "#protocol/receipt.ts";
import { err, ok } from "#protocol/result.ts";
import type { DoorCore } from "./core.ts";
import type { Door, PictureRefusal } from "./types.ts";

type Readings = Pick<Door, "readPicture" | "searchPatients" | "readRecord" | "readRecordEntry">;

const gone: PictureRefusal = { kind: "unavailable", code: "not-found" };

type PictureEvent = CasePhoto & { readonly rendition: Rendition };

function asPicture(event: CaseEvent): PictureEvent[] {
  if (event.kind === "photo") return [{ ...event, rendition: "full" }];
  return event.kind === "preview" ? [{ ...event, photo: event.preview, rendition: "preview" }] : [];
}

/** What the screens ask for: pictures, patients, the record. */
export function createReadings(core: DoorCore): Readings {
  const { api, pictures } = core;
  return {
    async readPicture(roomId, eventId, rendition) {
      const view = core.live()?.timeline.store.getState().byRoom.get(roomId);
      const photos = view?.events.flatMap(asPicture) ?? [];
      const named = photos.find((each) => each.eventId === eventId);
      if (view === undefined || named === undefined) return err(gone);
      const asked = photos.find((each) => each.rendition === rendition && ofOnePhoto(each, named));
      // The whole picture comes after its preview; a photo without a preview has only itself.
      if (asked === undefined && rendition === "full") return err({ kind: "arriving" });
      const { photo, sender, rendition: given } = asked ?? named;
      const consents = view.events.flatMap((each) => (each.kind === "consent" ? [each.consent] : []));
      return pictures.read({ roomId, caseId: view.caseId, sender, photo, consents }, given);
    },
    searchPatients: (query) => api.post("/patients/search", query, patientMatchesSchema),
    readRecord: (roomId) => api.get(`/cases/${encodeURIComponent(roomId)}/record`, recordViewSchema),
    async readRecordEntry(roomId, entryId) {
      const path = `/cases/${encodeURIComponent(roomId)}/record/${encodeURIComponent(entryId)}`;
      const answer = await api.raw(`${api.baseUrl}${apiPrefix}${path}`);
      if (!answer.ok) return err(answer.error.code);
      return answer.value.blob().then(ok, () => err("homeserver-unreachable" as const));
    },
  };
}
