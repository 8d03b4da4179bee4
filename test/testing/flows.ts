import { defineFlow, times, z } from "../../sdk/index.js";

/** A flow with everything a test may want to disturb: copies, publishes with a retry, announces. */
export const publish = defineFlow({
  name: "publish",
  params: z.object({ from: z.string(), port: z.int().default(8080) }),
  build(f, p) {
    const copy = f.task("copy", {
      in: { from: p.from },
      execute: ({ from }, ctx) => {
        ctx.log(`copies ${from}`);
        return { dir: `/tmp/${from}`, files: 3 };
      },
      revert: (_input, { result }, ctx) => ctx.log(`removes ${String(result?.dir)}`),
    });
    const address = f.linear(
      "serve",
      (s) =>
        s.task("listen", {
          in: { dir: copy.dir, port: p.port },
          timeLimit: "30s",
          execute: async ({ dir, port }, ctx) => {
            await ctx.saved({ started: ctx.attempt });
            ctx.progress(0.5, "half way");
            await ctx.sleep(1_000);
            return `http://localhost:${port}${dir}`;
          },
          revert: (_input, _undo, ctx) => ctx.log("stops"),
        }),
      { retry: times(3, { backoff: "10s" }) },
    );
    f.task("announce", { in: { address }, execute: ({ address }, ctx) => ctx.log(address) });
    return { address, files: copy.files };
  },
});
