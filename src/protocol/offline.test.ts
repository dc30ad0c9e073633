import { describe, expect, test } from "vitest";
import { frenchRules } from "./consent-rules.ts";
import { localUntilMs, statusWhenSilent } from "./offline.ts";

const nowMs = Date.parse("2026-11-22T10:00:00Z");
const hourMs = 3_600_000;
const minuteMs = 60_000;
const live = (ageMs: number) => ({ state: "live" as const, ageMs });

describe("while the registry is silent", () => {
  test("[G15] its last word holds for the organisation's hours, and a withdrawal is a withdrawal", () => {
    const status = statusWhenSilent(live(hourMs), null, frenchRules, nowMs);
    expect(status).toEqual({ state: "live", untilMs: nowMs + 3 * hourMs });
    expect(statusWhenSilent(live(5 * hourMs), null, frenchRules, nowMs)).toEqual({
      state: "live",
      untilMs: nowMs - hourMs,
    });
    const gone = { state: "withdrawn" as const, ageMs: 0 };
    expect(statusWhenSilent(gone, null, frenchRules, nowMs)).toMatchObject({ state: "withdrawn" });
    expect(statusWhenSilent(null, null, frenchRules, nowMs)).toEqual({ state: "unknown" });
  });

  test("[G15] on a shared station it holds for its minute, as everywhere", () => {
    const shared = { ...frenchRules, offlineHours: 0 };
    expect(statusWhenSilent(live(10_000), null, shared, nowMs)).toEqual({
      state: "live",
      untilMs: nowMs + 50_000,
    });
    expect(statusWhenSilent(live(2 * minuteMs), null, shared, nowMs)).toEqual({
      state: "live",
      untilMs: nowMs - minuteMs,
    });
  });

  test("[G16] an emergency signed here opens for its minutes, whatever the age of the word, and then no more", () => {
    const old = live(20 * hourMs);
    expect(statusWhenSilent(old, { ageMs: 14 * minuteMs }, frenchRules, nowMs)).toEqual({
      state: "live",
      untilMs: nowMs + minuteMs,
    });
    expect(statusWhenSilent(old, { ageMs: 16 * minuteMs }, frenchRules, nowMs)).toEqual({
      state: "live",
      untilMs: nowMs - minuteMs,
    });
    expect(localUntilMs({ ageMs: minuteMs }, frenchRules, nowMs)).toBe(nowMs + 14 * minuteMs);
  });

  test("[G16] it never shortens what holds without it, and opens nothing that was never heard of, or withdrawn", () => {
    const glass = { ageMs: 0 };
    expect(statusWhenSilent(live(0), glass, frenchRules, nowMs)).toMatchObject({
      untilMs: nowMs + 4 * hourMs,
    });
    expect(statusWhenSilent(null, glass, frenchRules, nowMs)).toEqual({ state: "unknown" });
    const gone = { state: "withdrawn" as const, ageMs: hourMs };
    expect(statusWhenSilent(gone, glass, frenchRules, nowMs)).toMatchObject({ state: "withdrawn" });
  });
});
