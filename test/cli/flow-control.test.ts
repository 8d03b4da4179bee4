import { describe, expect, it } from "vitest";
import { readConcurrency } from "../../cli/commands/post/concurrency.js";
import { startByOf } from "../../cli/commands/post/time.js";

describe("--concurrency", () => {
  it.each([
    ["import:2", { key: "import", limit: 2 }],
    ["db:eu:10", { key: "db:eu", limit: 10 }],
  ])("reads %s", (text, concurrency) => {
    expect(readConcurrency(text)).toEqual(concurrency);
  });

  it.each(["", "import", "import:", ":2", "import:0", "import:x", "two words:2", "import:-1"])(
    "refuses %j, naming the flag and how it is written",
    (text) => {
      expect(() => readConcurrency(text)).toThrow(
        expect.objectContaining({
          ...{ code: "USAGE", message: `--concurrency: "${text}" is not KEY:LIMIT` },
          hint: expect.stringContaining("import:2") as string,
        }),
      );
    },
  );
});

describe("--start-by", () => {
  it.each([
    ["10m", "10m"],
    ["+1h30m", "1h30m"],
    ["2027-01-31T18:00:00Z", "2027-01-31T18:00:00.000Z"],
    ["2027-01-31T19:00:00+01:00", "2027-01-31T18:00:00.000Z"],
  ])("reads %s", (text, startBy) => {
    expect(startByOf(text)).toBe(startBy);
  });

  it.each(["soon", "", "10 minutes"])("refuses %j", (text) => {
    expect(() => startByOf(text)).toThrow(
      expect.objectContaining({
        ...{ code: "USAGE", message: `--start-by: "${text}" is neither a duration nor a time` },
      }),
    );
  });
});
