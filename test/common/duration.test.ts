import { describe, expect, it } from "vitest";
import { DURATION_MS_MAX, formatDuration, parseDuration } from "../../common/text/duration.js";

describe("durations", () => {
  it.each([
    ["0s", 0],
    ["250ms", 250],
    ["10s", 10_000],
    ["1.5h", 5_400_000],
    ["1h30m", 5_400_000],
    ["2d", 172_800_000],
    ["0.4ms", 0],
  ])("read %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "10", "s", "-5s", "10 s", "10s ", "1h, 5m", "ten", "1w", "1e3s", "99999d"])(
    "are none in %j",
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it.each([0, 1, 999, 1000, 61_001, 3_600_000, 90_061_001, DURATION_MS_MAX])(
    "read back %d as they were written",
    (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    },
  );

  it("are written with the largest units first", () => {
    expect(formatDuration(90_061_001)).toBe("1d1h1m1s1ms");
  });
});
