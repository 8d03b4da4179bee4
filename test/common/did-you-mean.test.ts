import { expect, it } from "vitest";
import { didYouMean } from "../../common/text/did-you-mean.js";

it("names what was most likely meant, or says something else", () => {
  const words = ["has_gpu", "on_mains"];

  expect(didYouMean("has_gp", words, "look them up")).toBe("did you mean has_gpu?");
  expect(didYouMean("weather", words, "look them up")).toBe("look them up");
});
