import { defineCapability, z } from "jobrunner";

/** Never answers: whatever asks for it has its turn after the time limit. */
export default defineCapability({
  name: "dawdles",
  summary: "Nobody will ever know",
  args: z.tuple([z.number().describe("n")]),
  cost: "dear",
  timeLimit: "10s",
  check: () => new Promise<boolean>(() => undefined),
});
