import { describe, expect, it } from "vitest";
import {
  agentOf,
  formatCursor,
  formatJobPlace,
  isAfter,
  parseCursor,
  parseJobPlace,
  sourceOf,
} from "../../agent/events/cursor.js";

describe("a place in the cluster's feed", () => {
  it("is what it was after it went over the wire", () => {
    const vector = new Map([
      [sourceOf("nas-1", "9f3c2a55d0e1"), 5_924],
      [sourceOf("10.0.0.5:7463", "01d2eeffffff"), 0],
    ]);

    const text = formatCursor(vector);

    expect(text).toBe("nas-1~9f3c2a.4kk,10.0.0.5:7463~01d2ee.0");
    expect(parseCursor(text)).toEqual(vector);
    expect(parseCursor("")).toEqual(new Map());
  });

  it("names the agent, whoever else knows it", () => {
    expect(agentOf(sourceOf("pixel-7", "9f3c2a55d0e1"))).toBe("pixel-7");
  });

  it.each(["x", "a~b", "a~b.", "a~b.1,", "a~b.1;c~d.2", "a b~c.1", "a~b.-1", "é~b.1"])(
    "is refused as %j",
    (text) => {
      expect(parseCursor(text)).toBeUndefined();
    },
  );

  it("is refused when it is too long to be one", () => {
    expect(parseCursor(Array.from({ length: 2_000 }, () => "a~b.1").join(","))).toBeUndefined();
  });
});

describe("a place in a job's journal", () => {
  it("is an entry, or an event of one", () => {
    expect(formatJobPlace({ seq: 12, index: 3 })).toBe("12.3");
    expect(parseJobPlace("12.3")).toEqual({ seq: 12, index: 3 });
    expect(parseJobPlace("12")).toEqual({ seq: 12, index: Infinity });
    expect(["", "-1", "1.", "a", "1.2.3"].map(parseJobPlace)).toEqual(Array(5).fill(undefined));
  });

  it("comes after those before it", () => {
    const place = { seq: 2, index: 1 };

    expect(isAfter({ seq: 2, index: 2 }, place)).toBe(true);
    expect(isAfter({ seq: 3, index: 0 }, place)).toBe(true);
    expect(isAfter(place, place)).toBe(false);
    expect(isAfter({ seq: 2, index: 9 }, { seq: 2, index: Infinity })).toBe(false);
  });
});
