import { defineFlow, times, z } from "jobrunner";

const STEPS = ["greet", "write", "sign"] as const;

/**
 * A first flow to read and to play with: three tasks, of which the last uses the results of the
 * others. `--fail-at sign` makes one fail, to see how what was done is undone.
 */
export default defineFlow({
  name: "hello",
  version: 1,
  summary: "Says hello in three steps; --fail-at shows how a flow is reverted",
  params: z.object({
    name: z.string().min(1).max(100).default("world").describe("whom to greet"),
    failAt: z.enum(STEPS).optional().describe("step that fails, to see the others reverted"),
    pause: z.number().min(0).max(60).default(0).describe("seconds that each step takes"),
  }),

  // Describes the flow. It runs nothing: `p.name` stands for a value that comes when the job runs.
  build(f, p) {
    const greeting = f.task("greet", {
      in: { name: p.name, failAt: p.failAt, pause: p.pause },
      async execute({ name, failAt, pause }, ctx) {
        await ctx.sleep(pause * 1000);
        if (failAt === "greet") throw new Error("greet was told to fail");
        return { text: `Hello, ${name}!`, language: "en" };
      },
      revert(_input, { result }, ctx) {
        ctx.log(result === undefined ? "nothing was said" : `takes back "${result.text}"`);
      },
    });

    // A flow of its own, so that only this part is tried again when it fails.
    const letter = f.linear(
      "post",
      (s, attempt) => {
        const draft = s.task("write", {
          // A part of a result is a reference too.
          in: { text: greeting.text, attempt, failAt: p.failAt, pause: p.pause },
          async execute({ text, attempt, failAt, pause }, ctx) {
            await ctx.sleep(pause * 1000);
            if (failAt === "write") throw new Error(`write was told to fail (attempt ${attempt})`);
            ctx.log(`writes "${text}" on attempt ${attempt}`);
            return `${text} Written on attempt ${attempt}.`;
          },
          revert(_input, _undo, ctx) {
            ctx.log("tears the letter up");
          },
        });
        return draft;
      },
      { retry: times(2) },
    );

    f.task("sign", {
      in: { letter, failAt: p.failAt, pause: p.pause },
      async execute({ letter, failAt, pause }, ctx) {
        await ctx.sleep(pause * 1000);
        if (failAt === "sign") throw new Error("sign was told to fail");
        const signed = `${letter} Yours, ${ctx.agent}`;
        ctx.log(signed);
        return signed;
      },
    });
  },
});
