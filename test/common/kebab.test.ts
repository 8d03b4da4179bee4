import { describe, expect, it } from "vitest";
import { kebab } from "../../common/text/kebab.js";

describe("a name as people type it", () => {
  it.each([
    ["port", "port"],
    ["dryRun", "dry-run"],
    ["dry_run", "dry-run"],
    ["leaseMsMax", "lease-ms-max"],
    ["a_b_c", "a-b-c"],
    ["dry-run", "dry-run"],
  ])("of %s is %s", (name, typed) => {
    expect(kebab(name)).toBe(typed);
  });
});
