import { describe, expect, it } from "vitest";
import { Rate } from "../../agent/http/guard/rate.js";
import { LIMITS } from "../../agent/http/limits.js";

describe("the rate of a caller", () => {
  it("allows so many at once, and then so many a second", () => {
    let now = 0;
    const rate = new Rate(() => now);
    const taken = (caller: string): number => {
      for (let count = 0; count < 1_000; count += 1) {
        try {
          rate.take(caller);
        } catch {
          return count;
        }
      }
      return Number.POSITIVE_INFINITY;
    };

    expect(taken("a")).toBe(LIMITS.requestsASecond);
    expect(taken("b")).toBe(LIMITS.requestsASecond);
    now += 500;
    expect(taken("a")).toBe(LIMITS.requestsASecond / 2);
    now += 3_600_000;
    expect(taken("a")).toBe(LIMITS.requestsASecond);
  });

  it("forgets who has not asked for longest, so that it never grows without end", () => {
    const rate = new Rate(() => 0);
    for (let count = 0; count < LIMITS.requestsASecond; count += 1) rate.take("first");
    expect(() => rate.take("first")).toThrow("requests a second");
    for (let count = 0; count < LIMITS.callers; count += 1) rate.take(`caller ${count}`);

    expect(() => rate.take("first")).not.toThrow();
  });
});
