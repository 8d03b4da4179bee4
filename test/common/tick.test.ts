import { expect, test } from "vitest";
import { TICK_MS, untilTick } from "../../common/time/tick.js";

test("sleeps that begin at different times and last for different times end on a tick", () => {
  expect(untilTick(TICK_MS, 3 * TICK_MS)).toBe(TICK_MS);
  expect(untilTick(TICK_MS, 3 * TICK_MS + 1_000)).toBe(TICK_MS - 1_000);
  expect(untilTick(TICK_MS + 7_000, 3 * TICK_MS + 1_000)).toBe(TICK_MS - 1_000);
  expect(untilTick(4 * TICK_MS, 3 * TICK_MS - 1)).toBe(4 * TICK_MS + 1);
});

test("a timer that was early or late by a little is followed by a whole period", () => {
  expect(untilTick(TICK_MS, TICK_MS - 3)).toBe(TICK_MS + 3);
  expect(untilTick(TICK_MS, TICK_MS + 40)).toBe(TICK_MS - 40);
});

test("a sleep is never longer than asked for, but for the tolerance", () => {
  for (let at = 0; at < TICK_MS; at += 7) {
    for (const ms of [0, 50, 400, TICK_MS, TICK_MS * 1.5, TICK_MS * 3]) {
      const sleep = untilTick(ms, at);
      expect(sleep).toBeLessThanOrEqual(ms + 50);
      expect(sleep).toBeGreaterThanOrEqual(0);
    }
  }
});

test("a sleep shorter than from one tick to the next stays as it is", () => {
  expect(untilTick(TICK_MS / 2, TICK_MS + 1_000)).toBe(TICK_MS / 2);
  expect(untilTick(0, TICK_MS)).toBe(0);
});
