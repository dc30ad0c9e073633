import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { memoryLocation } from "wouter/memory-location";
import { App } from "../../../src/app/App.tsx";
import { machineClock } from "../../../src/app/clock.ts";
import { applyTheme } from "../../../src/features/settings/index.ts";
import { startTexts } from "../../../src/i18n/index.ts";
import type { PictureRefusal } from "../../../src/matrix/types.ts";
import { amendOpinions, correctAll, misfileAll } from "../amended-case.ts";
import { consentCases } from "../consent-cases.ts";
import type { CallScene } from "../fake-calls.ts";
import { createFakeDoor, type FakeOptions, sampleKey } from "../fake-door.ts";
import { user } from "../sample-cases.ts";

/**
 * The screens over a fake door, to look at states that are hard to reach: `?state=…&at=/cas/…&theme=night&lang=en` (`theme=auto` follows the device). For
 * developers only: `npx vite` and open /e2e/support/preview/. It is no part of the build.
 */
const asked = new URLSearchParams(location.search);
const nowMs = Date.now();
const me = user(asked.get("me") ?? "martin");
const picture = asked.get("picture") ?? "/e2e/support/preview/picture.jpg";
const refusals: Readonly<Record<string, PictureRefusal>> = {
  withdrawn: { kind: "withdrawn" },
  arriving: { kind: "arriving" },
  refused: { kind: "refused", reason: "audience-not-covered" },
  expired: { kind: "refused", reason: "expired" },
  unavailable: { kind: "unavailable", code: "homeserver-unreachable" },
};
const states: Readonly<Record<string, Partial<FakeOptions>>> = {
  "signed-out": { session: { step: "signed-out", notice: null } },
  "setting-up": { session: { step: "setting-up" } },
  "recovery-key": {
    session: { step: "ready", userId: me, deviceId: "FAKE", recoveryKeyToSave: sampleKey },
  },
  unlock: { session: { step: "recovery-needed", userId: me } },
  "other-tab": { session: { step: "other-tab" } },
  "not-loaded": { session: { step: "stopped", why: "not-loaded", detail: "NotLoadedError" } },
  stopped: { session: { step: "stopped", why: "storage", detail: "QuotaExceededError" } },
  empty: { empty: true },
  loading: { loading: true },
  consent: { more: consentCases(nowMs) },
  desk: { session: { step: "administrator", userId: user("admin"), deviceId: "FAKE" } },
  "desk-empty": {
    session: { step: "administrator", userId: user("admin"), deviceId: "FAKE" },
    desk: "empty",
  },
  "desk-reading": {
    session: { step: "administrator", userId: user("admin"), deviceId: "FAKE" },
    desk: "reading",
  },
  "desk-offline": {
    session: { step: "administrator", userId: user("admin"), deviceId: "FAKE" },
    desk: "offline",
  },
  offline: { connection: { homeserver: "offline", sinceMs: nowMs, health: null } },
};

const scenes: readonly CallScene[] = [
  "incoming",
  "calling",
  "voice",
  "live",
  "three",
  "stale",
  "no-key",
  "refused",
  "held",
  "weak",
  "lost",
  "no-microphone",
  "no-answer",
  "missed",
];
const call = scenes.find((each) => each === asked.get("call")) ?? null;

const theme = asked.get("theme");
applyTheme(theme === "night" || theme === "auto" ? theme : "day");
const texts = startTexts();
void texts.changeLanguage(asked.get("lang") ?? "fr");
const door = createFakeDoor({
  nowMs,
  me,
  picture: refusals[picture] ?? picture,
  ...(call === null ? {} : { call }),
  ...states[asked.get("state") ?? ""],
});
if (asked.get("state") === "amended") amendOpinions(door, nowMs);
if (asked.get("state") === "misfiled" || asked.get("state") === "corrected") misfileAll(door, nowMs);
if (asked.get("state") === "corrected") correctAll(door, nowMs);
const { hook } = memoryLocation({ path: asked.get("at") ?? "/" });
const place = document.getElementById("app");
if (place !== null)
  createRoot(place).render(
    <Router hook={hook}>
      <App door={door} clock={machineClock} />
    </Router>,
  );
