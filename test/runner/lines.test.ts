import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { eachLine } from "../../agent/runner/output/lines.js";

async function linesOf(chunks: readonly (string | Buffer)[]): Promise<readonly string[]> {
  const lines: string[] = [];
  const stream = Readable.from(chunks, { objectMode: false });
  const closed = new Promise((resolve) => stream.on("close", resolve));
  eachLine(stream, (line) => lines.push(line));
  await closed;
  return lines;
}

describe("the lines of a stream", () => {
  it("are whole, however they arrive", async () => {
    expect(await linesOf(["on", "e\ntwo\r\n", "\nfour\n"])).toEqual(["one", "two", "", "four"]);
  });

  it("include the last one without an end", async () => {
    expect(await linesOf(["one\ntw", "o"])).toEqual(["one", "two"]);
  });

  it("keep characters that arrive in two pieces", async () => {
    const bytes = Buffer.from("ä\n");

    expect(await linesOf([bytes.subarray(0, 1), bytes.subarray(1)])).toEqual(["ä"]);
  });

  it("are cut, so that output without an end fills no memory", async () => {
    const lines = await linesOf(Array.from({ length: 10 }, () => "x".repeat(10_000)));

    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(16_384);
  });
});
