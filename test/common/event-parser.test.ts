import { describe, expect, it } from "vitest";
import { EventParser } from "../../common/text/event-parser.js";

describe("server-sent events", () => {
  const TEXT =
    ": hello\n\nid: 1\nevent: a\ndata: {}\n\ndata: x\r\ndata:y\r\n\r\nretry: 5\nid\ndata\n\n";
  const EVENTS = [
    { id: "1", event: "a", data: "{}" },
    { id: "1", event: "message", data: "x\ny" },
    { id: "", event: "message", data: "" },
  ];

  it("are put together from any pieces", () => {
    for (let length = 1; length <= TEXT.length; length += 1) {
      const parser = new EventParser("0");
      const pieces = TEXT.match(new RegExp(`[^]{1,${length}}`, "g")) ?? [];

      expect(pieces.flatMap((piece) => parser.push(piece))).toEqual(EVENTS);
    }
  });

  it("have the id with which reading began until there is another", () => {
    expect(new EventParser("7").push("data: x\n\n")).toEqual([
      { id: "7", event: "message", data: "x" },
    ]);
  });

  it("are never told without an end, nor without data", () => {
    expect(new EventParser().push("event: a\nid: 4\n\ndata: x\n")).toEqual([]);
  });

  it("are refused when they are larger than any event may be", () => {
    const parser = new EventParser();
    parser.push(`data: ${"x".repeat(8 * 1024 ** 2)}\n`);

    expect(() => parser.push("y".repeat(9 * 1024 ** 2))).toThrow("too large");
  });
});
