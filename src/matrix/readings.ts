import { apiPrefix, patientMatchesSchema, recordViewSchema } from "#protocol/api.ts";
import { err, ok } from "#protocol/result.ts";
import type { DoorCore } from "./core.ts";
import type { Door, PictureRefusal } from "./types.ts";

type Readings = Pick<Door, "readPicture" | "searchPatients" | "readRecord" | "readRecordEntry">;

const gone: PictureRefusal = { kind: "unavailable", code: "not-found" };

/** What the screens ask for: pictures, patients, the record. */
export function createReadings(core: DoorCore): Readings {
  const { api, pictures } = core;
  return {
    async readPicture(roomId, eventId, rendition) {
      const view = core.live()?.timeline.store.getState().byRoom.get(roomId);
      const event = view?.events.find((each) => each.eventId === eventId);
      if (view === undefined || event?.kind !== "photo") return err(gone);
      const consents = view.events.flatMap((each) => (each.kind === "consent" ? [each.consent] : []));
      const { photo, sender } = event;
      return pictures.read({ roomId, caseId: view.caseId, sender, photo, consents }, rendition);
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
