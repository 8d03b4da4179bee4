import { describe, expect, it } from "vitest";
import { CAUGHT_UP_MAX, decide, GRACE_MS, settle } from "../../agent/schedules/decide.js";
import { dueTimes } from "../../agent/schedules/due-times.js";

const MINUTE = 60_000;
const DUE = Date.parse("2027-01-01T00:00:00Z");
const minutely = dueTimes({ cron: "* * * * *", tz: "UTC" });
const daily = dueTimes({ cron: "@daily", tz: "UTC" });

describe("a due time that has come", () => {
  it.each(["none", "one", "all"] as const)(
    "is posted for when nothing was missed: %s",
    (catchUp) => {
      for (const lateMs of [0, 999, GRACE_MS]) {
        const missed = { catchUp, dueAt: DUE, now: DUE + lateMs };
        expect(decide(daily, missed)).toEqual({ act: "post" });
      }
    },
  );

  it("is skipped by none when it was missed by more than the grace, with those behind it", () => {
    const now = DUE + 10 * MINUTE + 30_000;

    expect(decide(minutely, { catchUp: "none", dueAt: DUE, now })).toEqual({
      act: "skip",
      skipped: { from: DUE, to: DUE + 9 * MINUTE },
      dueAt: DUE + 10 * MINUTE,
    });
    expect(decide(daily, { catchUp: "none", dueAt: DUE, now: DUE + GRACE_MS + 1 })).toEqual({
      act: "skip",
      skipped: { from: DUE, to: DUE },
      dueAt: DUE + 24 * 60 * MINUTE,
    });
  });

  it("is posted for by one, however late", () => {
    const missed = { catchUp: "one", dueAt: DUE, now: DUE + 1e9 } as const;

    expect(decide(minutely, missed)).toEqual({ act: "post" });
  });

  it("is dropped by all when there are newer ones enough", () => {
    const last = DUE + (CAUGHT_UP_MAX - 1) * MINUTE;
    const at = (now: number) => decide(minutely, { catchUp: "all", dueAt: DUE, now });

    expect(at(last + MINUTE - 1)).toEqual({ act: "post" });
    expect(at(last + 3 * MINUTE)).toEqual({
      act: "skip",
      skipped: { from: DUE, to: DUE + 2 * MINUTE },
      dueAt: DUE + 3 * MINUTE,
    });
    expect(at(DUE + 3 * 365 * 24 * 60 * MINUTE)).toMatchObject({ act: "skip" });
  });
});

describe("a due time whose job must begin within so long (P-44)", () => {
  const startByMs = 90_000;
  const now = DUE + 10 * MINUTE + 20_000;
  const decided = (catchUp: "none" | "one" | "all", limitMs = startByMs, cron = minutely) =>
    decide(cron, { catchUp, dueAt: DUE, now, startByMs: limitMs });

  it("is skipped by all when that is over, with those behind it of which it is over, too", () => {
    expect(decided("all")).toEqual({
      act: "skip",
      skipped: { from: DUE, to: DUE + 8 * MINUTE },
      dueAt: DUE + 9 * MINUTE,
    });
    expect(decided("all", 10 * MINUTE + 20_001)).toEqual({ act: "post" });
    expect(decided("all", 10 * MINUTE + 20_000)).toMatchObject({ dueAt: DUE + MINUTE });
  });

  it("is skipped by none when that is shorter than the grace", () => {
    expect(decided("none", 20_000)).toMatchObject({ act: "skip", dueAt: DUE + 11 * MINUTE });
    expect(decided("none", 20_001)).toMatchObject({ act: "skip", dueAt: DUE + 10 * MINUTE });
  });

  it("is posted for by one while the newest due time is in time, and else skipped with all", () => {
    expect(decided("one")).toEqual({ act: "post" });
    expect(decided("one", startByMs, daily)).toEqual({
      act: "skip",
      skipped: { from: DUE, to: DUE },
      dueAt: DUE + 24 * 60 * MINUTE,
    });
  });
});

describe("a job that was posted", () => {
  it.each(["none", "all"] as const)("is for its own due time: %s", (catchUp) => {
    const posted = { catchUp, dueAt: DUE, postedAt: DUE + 5 * MINUTE };

    expect(settle(minutely, posted)).toEqual({ covered: DUE, dueAt: DUE + MINUTE });
  });

  it("is by one for all that had come due when it was posted, and for nothing that came since", () => {
    const posted = { catchUp: "one", dueAt: DUE, postedAt: DUE + 5 * MINUTE + 1 } as const;

    expect(settle(minutely, posted)).toEqual({
      covered: DUE + 5 * MINUTE,
      dueAt: DUE + 6 * MINUTE,
    });
  });

  it("is for its own due time when nobody knows when it was posted, or a clock was behind", () => {
    for (const postedAt of [undefined, DUE - 5]) {
      const settled = settle(minutely, { catchUp: "one", dueAt: DUE, postedAt });
      expect(settled).toEqual({ covered: DUE, dueAt: DUE + MINUTE });
    }
  });
});
