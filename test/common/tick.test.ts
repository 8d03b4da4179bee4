import { expect, test } from "vitest";
import { TICK_MS, untilTick } from "../../common/time/tick.js";

test("sleeps that begin at different times and last for different times end on a tick", () => {
  expect(untilTick(5_000, 10_000)).toBe(5_000);
  expect(untilTick(5_000, 11_000)).toBe(4_000);
  expect(untilTick(10_000, 11_000)).toBe(9_000);
  expect(untilTick(30_000, 14_999)).toBe(30_001);
});

test("a timer that was early or late by a little is followed by a whole period", () => {
  expect(untilTick(5_000, 10_000 - 3)).toBe(5_003);
  expect(untilTick(5_000, 10_000 + 40)).toBe(4_960);
});

test("a sleep is never longer than asked for, but for the tolerance", () => {
  for (let at = 0; at < TICK_MS; at += 7) {
    for (const ms of [0, 50, 400, 5_000, 7_500, 15_000]) {
      const sleep = untilTick(ms, at);
      expect(sleep).toBeLessThanOrEqual(ms + 50);
      expect(sleep).toBeGreaterThanOrEqual(0);
    }
  }
});

test("a sleep shorter than from one tick to the next stays as it is", () => {
  expect(untilTick(2_500, 11_000)).toBe(2_500);
  expect(untilTick(0, 10_000)).toBe(0);
});
