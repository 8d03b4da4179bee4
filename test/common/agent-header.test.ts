import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { AGENT_HEADER } from "../../common/agent-header.js";

it("is written as Node tells headers, and stands in the page about HTTP", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/commands.md"), "utf8");

  expect(AGENT_HEADER).toBe(AGENT_HEADER.toLowerCase());
  expect(page.toLowerCase()).toContain(`\`${AGENT_HEADER}\``);
});
