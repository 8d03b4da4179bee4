import { describe, expect, it } from "vitest";
import { formatBytes, parseBytes } from "../../common/text/bytes.js";

describe("bytes", () => {
  it.each([
    ["0B", 0],
    ["512MiB", 512 * 2 ** 20],
    ["2GB", 2e9],
    ["1.5 GiB", 1.5 * 2 ** 30],
    ["3kB", 3000],
    ["1TiB", 2 ** 40],
  ])("are read from %s", (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each(["", "2", "GB", "-1GB", "2gb", "2 G", "1e3B", "9999999TiB", "1.GB"])(
    "are not read from %j",
    (text) => {
      expect(parseBytes(text)).toBeUndefined();
    },
  );

  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [7_408_000_000, "6.9 GiB"],
    [512 * 2 ** 20, "512 MiB"],
    [3 * 2 ** 40, "3 TiB"],
  ])("of %d are written as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
