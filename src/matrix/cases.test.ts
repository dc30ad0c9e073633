import { expect, test } from "vitest";
import { createStore } from "zustand/vanilla";
import { caseIdSchema } from "#protocol/ids.ts";
import { createCases } from "./cases.ts";
import type { LiveItem, Outbox } from "./outbox/outbox.ts";
import type { TimelineState } from "./timeline/timeline.ts";
import type { ConnectionState } from "./types.ts";

const bot = "@archiviste:v";
const me = "@faure:v";
const roomId = "!r:v";
const caseId = caseIdSchema.parse("00000000-0000-4000-8000-000000000001");

const message = (part: Partial<LiveItem>): LiveItem => ({
  localId: "l",
  caseId,
  roomId,
  body: { kind: "message", text: "La croûte est jaune.", clientRef: "r" },
  seq: 1,
  txnId: "t",
  atMs: 0,
  eventId: null,
  done: false,
  failed: null,
  progress: null,
  sending: false,
  picture: null,
  ...part,
});

function setUp(item: LiveItem) {
  const items = createStore<{ items: readonly LiveItem[] }>(() => ({ items: [item] }));
  const outbox: Pick<Outbox, "store" | "settle"> = { store: items, settle: () => undefined };
  const connection = createStore<Pick<ConnectionState, "homeserver">>(() => ({ homeserver: "online" }));
  const cases = createCases(outbox, connection);
  const view = {
    roomId,
    caseId,
    members: [me, bot],
    invited: [],
    events: [],
    unreadable: [],
    refused: [],
  };
  const timeline = createStore<TimelineState>(() => ({
    loaded: true,
    synced: true,
    byRoom: new Map([[roomId, view]]),
  }));
  cases.follow(timeline, { userId: me, bot }, new AbortController().signal);
  const state = () => cases.store.getState().byRoom.get(roomId)?.pending[0]?.state;
  return { connection, state };
}

test("what is being sent is called waiting while there is no network, although no step of it gave up yet", () => {
  const { connection, state } = setUp(message({ sending: true }));
  expect(state()).toBe("sending");
  connection.setState({ homeserver: "offline" });
  expect(state()).toBe("waiting");
  connection.setState({ homeserver: "connecting" });
  expect(state()).toBe("sending");
});

test("what the homeserver has taken is not called waiting again, and what failed stays failed", () => {
  for (const [part, expected] of [
    [{ done: true }, "sending"],
    [{ failed: "internal" }, "failed"],
  ] as const) {
    const { connection, state } = setUp(message(part));
    connection.setState({ homeserver: "offline" });
    expect(state()).toBe(expected);
  }
});
