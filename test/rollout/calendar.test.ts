import { describe, expect, it } from "vitest";
import { parseCron } from "../../src/domain/cron.ts";
import { closedFor } from "../../src/rollout/calendar.ts";
import { after, look } from "./a-look.ts";
import { HOUR } from "./world.ts";

const weekend = { cron: "0 18 * * 5", durationMs: 62 * HOUR, timeZone: "Europe/Berlin" };

function closed(
  at: string,
  strategy: Partial<Parameters<typeof closedFor>[0]>,
  ordered: Parameters<typeof closedFor>[1] = null,
) {
  const found = closedFor({ freeze: [], advanceHours: null, ...strategy }, ordered, Date.parse(at));
  if (found === null) return null;
  return { reason: found.reason, until: found.until === null ? null : new Date(found.until).toISOString() };
}

describe("a freeze of the calendar", () => {
  it.each([
    ["before it begins", "2026-11-20T16:59:59Z", null],
    ["when it begins", "2026-11-20T17:00:00Z", "2026-11-23T07:00:00.000Z"],
    ["two days later", "2026-11-22T12:34:56Z", "2026-11-23T07:00:00.000Z"],
    ["a second before its end", "2026-11-23T06:59:59Z", "2026-11-23T07:00:00.000Z"],
    ["at its end", "2026-11-23T07:00:00Z", null],
    ["over the night in which clocks go back", "2026-10-25T12:00:00Z", "2026-10-26T06:00:00.000Z"],
    ["not longer than its hours when clocks went back", "2026-10-26T06:00:00Z", null],
    ["over the night in which clocks go forward", "2026-03-29T12:00:00Z", "2026-03-30T07:00:00.000Z"],
    ["from its hour of summer", "2026-07-17T16:00:00Z", "2026-07-20T06:00:00.000Z"],
    ["not before its hour of summer", "2026-07-17T15:59:00Z", null],
  ])("holds %s", (_, at, until) => {
    expect(closed(at, { freeze: [weekend] })).toEqual(until === null ? null : { reason: "freeze", until });
  });

  it.each([
    ["the longest of two", [weekend, { ...weekend, durationMs: 63 * HOUR }], "2026-11-23T08:00:00.000Z"],
    [
      "the last beginning of one that comes again",
      [{ ...weekend, cron: "0 * * * *", durationMs: 2 * HOUR }],
      "2026-11-21T14:00:00.000Z",
    ],
    [
      "days of the month or of the week where both are named",
      [{ ...weekend, cron: "0 18 1 * 5" }],
      "2026-11-23T07:00:00.000Z",
    ],
    [
      "lists, ranges and steps",
      [{ ...weekend, cron: "0,30 8-18/2 * 11,12 1-5" }],
      "2026-11-23T07:30:00.000Z",
    ],
  ])("says until when: %s", (_, freeze, until) => {
    expect(closed("2026-11-21T12:15:00Z", { freeze })).toEqual({ reason: "freeze", until });
  });

  it("finds a beginning next to a shift of clocks by half an hour", () => {
    // Lord Howe: 2026-10-04 02:00 is followed by 02:30.
    const freeze = [{ cron: "45 1 * * *", durationMs: 3 * HOUR, timeZone: "Australia/Lord_Howe" }];
    expect(closed("2026-10-03T15:35:00Z", { freeze })).toEqual({
      reason: "freeze",
      until: "2026-10-03T18:15:00.000Z",
    });
  });

  it.each([
    "",
    "* * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 8",
    "5-1 * * * *",
    "*/0 * * * *",
    "@daily",
    "a * * * *",
  ])("is none with the fields %j", (cron) => {
    expect(parseCron(cron)).toBeNull();
  });

  it("takes 7 for Sunday", () => {
    expect(parseCron("0 0 * * 7")?.weekdays).toEqual(new Set([0]));
  });
});

describe("a freeze that somebody ordered", () => {
  const ordered = { by: "ana", reason: "sale", since: "2026-11-20T00:00:00Z", until: null };
  it.each([
    ["without an end", null, { reason: "freeze", until: null }],
    ["before its end", "2026-11-21T13:00:00Z", { reason: "freeze", until: "2026-11-21T13:00:00.000Z" }],
    ["at its end", "2026-11-21T12:00:00Z", null],
    ["with an end that cannot be read", "soon", { reason: "freeze", until: null }],
  ])("holds %s", (_, until, expected) => {
    expect(closed("2026-11-21T12:00:00Z", {}, { ...ordered, until })).toEqual(expected);
  });
});

describe("hours in which exposure may rise", () => {
  const advanceHours = { from: 9 * 60, to: 17 * 60, timeZone: "Europe/Berlin" };
  it.each([
    ["2026-11-20T07:59:00Z", "2026-11-20T08:00:00.000Z"],
    ["2026-11-20T08:00:00Z", null],
    ["2026-11-20T15:59:59Z", null],
    ["2026-11-20T16:00:00Z", "2026-11-21T08:00:00.000Z"],
    ["2026-10-24T20:00:00Z", "2026-10-25T08:00:00.000Z"],
    ["2026-03-28T20:00:00Z", "2026-03-29T07:00:00.000Z"],
    ["2026-07-20T07:00:00Z", null],
  ])("are looked up on the clocks of their zone: %s", (at, until) => {
    expect(closed(at, { advanceHours })).toEqual(until === null ? null : { reason: "advance_hours", until });
  });
});

describe("a rollout that may not rise now", () => {
  const freeze = { by: "ana", reason: "sale", since: after(0), until: after(30) };
  it("holds where all else passes, and says until when", () => {
    expect(look({ input: { freeze } })).toMatchObject({
      event: "held",
      reason: "freeze",
      state: { hold: { reason: "freeze", until: after(30) } },
    });
  });

  it("says until when it soaks", () => {
    expect(look({ hours: 10 })).toMatchObject({ state: { hold: { reason: "soaking", until: after(24) } } });
  });

  it("holds outside its hours", () => {
    const advanceHours = { from: 9 * 60, to: 17 * 60, timeZone: "UTC" };
    expect(look({ strategy: { advanceHours } })).toMatchObject({
      reason: "advance_hours",
      state: { hold: { until: after(33) } },
    });
    expect(look({ strategy: { advanceHours }, hours: 34 })).toMatchObject({ event: "advanced" });
  });
});
