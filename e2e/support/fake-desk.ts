import type { Desk, DeskItem } from "#protocol/filing-desk.ts";
import { err, ok } from "#protocol/result.ts";
import type { Door } from "../../src/matrix/types.ts";
import { hourMs, minuteMs, user } from "./sample-cases.ts";

/** What the administrator's desk over a fake door has to show. */
export type DeskState = "full" | "empty" | "offline" | "reading" | "refused";

function sampleDesk(nowMs: number): Desk {
  const at = (ago: number) => new Date(nowMs - ago).toISOString();
  const item = (id: string, change: Partial<DeskItem>): DeskItem => ({
    id: `$${id}`,
    kind: "request",
    state: "parked",
    reason: "patient-merged",
    code: "patient-merged",
    caseRef: "7F3A-91C2",
    sentBy: user("faure"),
    sentAt: at(2 * hourMs),
    since: at(2 * hourMs - minuteMs),
    behind: 3,
    ...change,
  });
  return {
    items: [
      item("request", {}),
      item("photo", {
        kind: "photo",
        reason: "record-refused",
        code: "record-refused-422",
        caseRef: "C04D-2B18",
        sentBy: user("leroy"),
        since: at(26 * hourMs),
        sentAt: at(26 * hourMs + minuteMs),
        behind: 1,
      }),
      item("opinion", {
        kind: "opinion",
        state: "waiting",
        reason: "waiting-long",
        code: "waiting",
        caseRef: "19E6-00AF",
        sentBy: user("kermarrec"),
        behind: 0,
      }),
      item("unread", {
        kind: "unread",
        state: "unreadable",
        reason: "key-missing",
        code: "MEGOLM_UNKNOWN_INBOUND_SESSION_ID",
        caseRef: null,
        behind: 0,
      }),
    ],
    more: false,
    resolved: [
      {
        id: "$closed",
        kind: "message",
        caseRef: "5510-ED07",
        how: "filed-by-hand",
        why: "Recopié par le secrétariat de dermatologie, courrier du 12 novembre.",
        by: user("admin"),
        at: at(50 * hourMs),
      },
    ],
  };
}

export function fakeDesk(state: DeskState, nowMs: number): Door["filingDesk"] {
  let desk: Desk = state === "empty" ? { items: [], more: false, resolved: [] } : sampleDesk(nowMs);
  const end = (id: string) => {
    desk = { ...desk, items: desk.items.filter((each) => each.id !== id) };
    return Promise.resolve(ok({}));
  };
  return {
    read: () => {
      if (state === "reading") return new Promise(() => undefined);
      if (state === "offline") return Promise.resolve(err("homeserver-unreachable" as const));
      if (state === "refused") return Promise.resolve(err("not-allowed" as const));
      return Promise.resolve(ok(desk));
    },
    retry: end,
    resolve: end,
  };
}
