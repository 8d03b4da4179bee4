import { expect, it } from "vitest";
import { AGENT_HEADER } from "../../common/agent-header.js";

it("is written as Node hands headers out, in lower case", () => {
  expect(AGENT_HEADER).toBe(AGENT_HEADER.toLowerCase());
});
