import { expect, it } from "vitest";
import { AGENT_HEADER } from "../../common/agent-header.js";

it("the header with an agent's name is written as Node reads it, in small letters", () => {
  expect(AGENT_HEADER).toBe(AGENT_HEADER.toLowerCase());
});
