import { describe, expect, it } from "vitest";
import { Ring, type RingEntry } from "../../agent/events/ring.js";

const entry = (n: number, json = "{}"): RingEntry => {
  return { n, event: { type: "job.state", at: "2027-01-01T00:00:00.000Z" }, json };
};
const numbers = (entries: readonly RingEntry[]) => entries.map(({ n }) => n);

describe("what an agent remembers of its events", () => {
  it("is told from any place", () => {
    const ring = new Ring("a~1");
    for (let n = 1; n <= 5; n += 1) ring.push(entry(n));

    expect(numbers(ring.after(0))).toEqual([1, 2, 3, 4, 5]);
    expect(numbers(ring.after(2))).toEqual([3, 4, 5]);
    expect(numbers(ring.after(5))).toEqual([]);
    expect([ring.first, ring.last]).toEqual([1, 5]);
  });

  it("is at least a thousand, and bounded by number and by size", () => {
    const [many, large] = [new Ring("a~1"), new Ring("a~1")];
    for (let n = 1; n <= 10_000; n += 1) many.push(entry(n));
    for (let n = 1; n <= 1_000; n += 1) large.push(entry(n, "x".repeat(8_192)));

    expect(many.last).toBe(10_000);
    expect(many.after(0).length).toBeGreaterThanOrEqual(1_000);
    expect(many.after(0).length).toBeLessThan(10_000);
    expect(many.first).toBe(10_001 - many.after(0).length);
    expect(large.after(0)).toHaveLength(256);
  });

  it("takes older ones that another agent still had, as far as they join", () => {
    const ring = new Ring("a~1", 5);
    ring.push(entry(6));
    ring.extend([entry(1), entry(3), entry(4), entry(5)]);

    expect(numbers(ring.after(0))).toEqual([3, 4, 5, 6]);
    expect(ring.first).toBe(3);
  });

  it("goes on elsewhere when events were missed", () => {
    const ring = new Ring("a~1");
    ring.push(entry(1));
    ring.skipTo(9);
    ring.push(entry(10));

    expect(numbers(ring.after(0))).toEqual([10]);
  });
});
