import { describe, expect, it } from "vitest";
import { isLoopback } from "../../common/loopback.js";

describe("a host", () => {
  it.each([
    "localhost",
    "LocalHost",
    "api.localhost",
    "127.0.0.1",
    "127.1.2.3",
    "::1",
    "[::1]",
    "::ffff:127.0.0.1",
    "[::FFFF:127.0.0.1]",
  ])("is the loopback when it is %s", (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each([
    "",
    "0.0.0.0",
    "::",
    "10.0.0.5",
    "128.0.0.1",
    "localhost.example.org",
    "notlocalhost",
    "127.0.0.1.example.org",
    "127.example.org",
    "127.0.0",
    "::ffff:10.0.0.5",
    "[::1",
  ])("is not the loopback when it is %j", (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
