import { defineFlow, z } from "jobrunner";

/** Has a secret, and tasks that tell it to everybody. */
export default defineFlow({
  name: "guarded",
  version: 1,
  summary: "Knows a secret",
  params: z.object({
    user: z.string().default("ann"),
    password: z.string().meta({ secret: true }),
    fails: z.boolean().default(false),
  }),
  build(f, p) {
    f.task("login", {
      in: { user: p.user, password: p.password, fails: p.fails },
      execute: async ({ user, password, fails }, ctx) => {
        ctx.log(`login as ${user} with ${password}`);
        console.log({ password });
        await ctx.run("echo", ["the command has", password]);
        ctx.progress(0.5, `with ${password}`);
        if (fails) throw Object.assign(new Error(`${password} is wrong`), { data: { password } });
        return { token: `token of ${password}` };
      },
    });
  },
});
