import { defineFlow, z } from "jobrunner";

/** Tells the trace it was posted with. */
export default defineFlow({
  name: "traced",
  summary: "Tells the trace it was posted with",
  params: z.object({}),
  build(f) {
    f.task("tell", { execute: (_input, ctx) => ctx.traceparent ?? "none" });
  },
});
