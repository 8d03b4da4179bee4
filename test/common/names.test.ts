import { describe, expect, it } from "vitest";
import { isCancel } from "../../common/job.js";
import { isLoopback } from "../../common/loopback.js";
import { DEFAULT_PORT } from "../../common/port.js";
import { kebab } from "../../common/text/kebab.js";

describe("a host", () => {
  it.each(["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "::ffff:127.0.0.1"])(
    "%s is of this machine alone",
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  it.each(["0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "127.0.0.1.example.org"])(
    "%s may be reached by others",
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});

describe("names", () => {
  it("of flags have dashes", () => {
    expect(kebab("drainTimeout")).toBe("drain-timeout");
  });

  it("of requests tell a cancel, reverting or not", () => {
    expect([isCancel("cancel"), isCancel("cancel-no-revert")]).toEqual([true, true]);
    expect([isCancel("suspend"), isCancel(undefined)]).toEqual([false, false]);
  });

  it("need no number for the usual port", () => {
    expect(DEFAULT_PORT).toBe(7463);
  });
});
