import { defineFlow, z } from "jobrunner";

const STEPS = 20;

/** Enough steps to see a job move: end its agent in the middle, and another one goes on. */
export default defineFlow({
  name: "steps",
  summary: "Take twenty steps, one after the other",
  params: z.object({ pause: z.int().min(0).default(1_000).describe("between two steps, ms") }),
  build(f, p) {
    f.linear("walk", (s) => {
      for (let n = 1; n <= STEPS; n += 1) {
        s.task(`step-${String(n)}`, {
          in: { pause: p.pause },
          execute: async ({ pause }, ctx) => {
            await ctx.sleep(pause);
            ctx.log(`step ${String(n)} of ${String(STEPS)}`);
          },
        });
      }
    });
  },
});
