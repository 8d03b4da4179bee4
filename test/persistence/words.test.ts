import { expect, it } from "vitest";
import { wordsOf } from "../../persistence/words.js";

it.each([
  [
    ["Nightly backup", "backup_nas-1"],
    ["nightly", "backup", "nas", "1"],
  ],
  [["Übung für 東京"], ["übung", "für", "東京"]],
  [["-- %_' ?"], []],
  [[`${"x".repeat(70)} y`], ["x".repeat(64), "y"]],
])("finds the words of %j", (texts, words) => {
  expect(wordsOf(...texts)).toEqual(words);
});

it("keeps a bounded number of them", () => {
  expect(wordsOf(Array.from({ length: 100 }, (_, index) => `w${index}`).join(" "))).toHaveLength(
    16,
  );
});
