import { expect, it } from "vitest";
import { EVENT_TYPES, JOURNAL_TYPES } from "../../common/wire/events.js";

it("every type of event is there once, those of journals among them", () => {
  expect(new Set(EVENT_TYPES).size).toBe(EVENT_TYPES.length);
  expect(JOURNAL_TYPES.every((type) => EVENT_TYPES.includes(type))).toBe(true);
});
