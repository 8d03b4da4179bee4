import { describe, expect, it } from "vitest";
import { isVersionRange, satisfies } from "../../common/text/version-range.js";

describe("a range of versions", () => {
  it.each([
    [">=20.19", "20.19.0", true],
    [">=20.19.1", "20.19.0", false],
    ["^20.19.0 || ^22.12.0 || >=24", "22.13.0", true],
    ["^20.19.0 || ^22.14.0", "22.13.0", false],
    ["^20.20.0 || >=22", "20.19.0", false],
    [">= 10.x", "24.0.0", true],
    ["20 || 22", "24.0.0", false],
    [">=18 <24", "24.0.0", false],
    [">=18 <24", "23.9.9", true],
    ["18 - 22", "22.13.0", true],
    ["18 - 22.12", "22.13.0", false],
    ["~22.13.0", "22.13.9", true],
    ["~22.13.0", "22.14.0", false],
    ["~22", "22.14.0", true],
    [">22", "22.13.0", false],
    [">22.13.0", "22.13.1", true],
    ["<=20", "20.19.0", true],
    ["*", "24.0.0", true],
    ["X", "24.0.0", true],
    ["", "24.0.0", true],
    ["20.x", "20.19.0", true],
    ["20.19.*", "20.20.0", false],
    ["v20.19.0", "20.19.0", true],
    ["=20.19.0", "20.19.1", false],
    ["^0", "0.9.0", true],
    ["^0.3.1", "0.3.9", true],
    ["^0.3.1", "0.4.0", false],
    ["^0.0", "0.0.9", true],
    ["^0.0.3", "0.0.4", false],
    ["^1.2.3", "2.0.0", false],
  ])("%s: holds of %s is %s", (range, version, fits) => {
    expect(satisfies(version, range)).toBe(fits);
  });

  it.each(["*", "x", "20", "v20.19", ">= 20.19.1", "18 - 22", "^20.19.0 || >=22 <24", "~22.X"])(
    "is understood when it is %j",
    (text) => {
      expect(isVersionRange(text)).toBe(true);
    },
  );

  it.each(["", "latest", ">=", "=> 20", "20.19.0.1", "20 ||", "20 - ", "20.19.0-rc.1", "V20"])(
    "is not understood when it is %j",
    (text) => {
      expect(isVersionRange(text)).toBe(false);
    },
  );
});
