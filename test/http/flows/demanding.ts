import { defineFlow, z } from "jobrunner";

/** A required parameter. */
export default defineFlow({
  name: "demanding",
  version: 1,
  summary: "Wants to be told where",
  params: z.object({ targetDir: z.string().describe("where to") }),
  build(f, p) {
    f.task("go", { in: { dir: p.targetDir }, execute: ({ dir }) => dir });
  },
});
