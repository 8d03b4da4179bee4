import { defineFlow, times, z } from "jobrunner";

/** Parameters of every shape that a flag can have, and a tree of two levels with a retry. */
export default defineFlow({
  name: "shapes",
  version: 3,
  summary: "Takes parameters of every shape",
  params: z.object({
    port: z.number().int().min(1).max(65535).default(8080).describe("port to listen on"),
    ratio: z.number().positive().optional(),
    mode: z.enum(["static", "spa"]).default("static").describe("how to serve"),
    verboseLog: z.boolean().default(false).describe("say more"),
    index: z.boolean().default(true).describe("list directories"),
    tags: z.array(z.string()).optional().describe("labels"),
    extra: z.record(z.string(), z.unknown()).optional().describe("anything"),
    title: z.string().min(1).max(2000).default("untitled"),
  }),
  build(f, p) {
    const first = f.task("prepare", {
      in: { title: p.title },
      execute: ({ title }) => ({ dir: `/srv/${title}` }),
    });
    f.linear(
      "serve",
      (s) => {
        s.task("listen", { in: { dir: first.dir }, execute: ({ dir }) => dir });
      },
      { retry: times(2) },
    );
  },
});
