import { describe, expect, it } from "vitest";
import type { Json } from "../../common/json.js";
import { parseOverrides } from "../../facts/overrides.js";

describe("facts in a configuration", () => {
  it("take the form of each fact, bytes also as people write them", () => {
    const parsed = parseOverrides({
      arch: "arm64",
      memory_total: "8GiB",
      battery: null,
      on_mains: { unknown: "no sensor" },
      gpus: ["NVIDIA"],
      disk_free: { "/": "1GB", "/var": 5 },
      programs: { ffmpeg: "/usr/bin/ffmpeg", docker: null },
    });

    expect(parsed).toEqual({
      plain: {
        arch: { known: "arm64" },
        memory_total: { known: 8 * 2 ** 30 },
        battery: { known: null },
        on_mains: { unknown: "no sensor" },
        gpus: { known: ["NVIDIA"] },
      },
      keyed: {
        disk_free: { "/": 1e9, "/var": 5 },
        programs: { ffmpeg: "/usr/bin/ffmpeg", docker: null },
      },
    });
  });

  it.each<[Record<string, Json>, string]>([
    [{ memory_totl: 1 }, "did you mean memory_total?"],
    [{ toString: 1 }, 'there is no fact "toString"'],
    [{ agent: "beta" }, 'there is no fact "agent"'],
    [{ memory_total: "8 gigs" }, "the fact memory_total is bytes"],
    [{ memory_total: -1 }, "the fact memory_total is bytes"],
    [{ on_mains: "yes" }, "the fact on_mains is true or false"],
    [{ disk_free: { "/": "much" } }, "the fact disk_free is bytes by path"],
    [{ gpus: [1] }, "the fact gpus is a list of texts"],
    [{ addresses: [{ address: "10.0.0.1" }] }, "the fact addresses is a list of"],
  ])("%j are refused with a hint", (given, message) => {
    expect(() => parseOverrides(given)).toThrow(message);
  });

  it("are refused with all their mistakes at once", () => {
    expect(() => parseOverrides({ arch: 1, load: "x" })).toThrow(/arch is a text\n.*load is a/);
  });
});
