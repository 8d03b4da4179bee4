import { defineFlow, portIsFree, times, z } from "jobrunner";

/**
 * A web server that does not go away: when its process dies it is started again, when its machine
 * dies another machine starts it.
 */
export default defineFlow({
  name: "simple_http_webserver",
  version: 1,
  summary: "Serves a directory over HTTP and keeps it served",
  params: z.object({
    port: z.int().min(1).max(65535).default(8080).describe("TCP port to listen on"),
    host: z
      .string()
      .min(1)
      .default("127.0.0.1")
      .describe("address to listen on; 0.0.0.0 serves the network"),
    // Absolute: the job runs in the directory of whichever agent takes it, not in the poster's.
    root: z
      .string()
      .regex(/^$|^\/|^[A-Za-z]:[\\/]/, "is not an absolute path")
      .default("")
      .describe("absolute path of the directory to serve; without one a page that says it works"),
  }),
  // Asked before an agent takes the job; the port may be taken a moment later: the retry waits.
  capabilities: (p) => [portIsFree(p.port)],
  retry: times(100, { backoff: { delay: "1s", factor: 2, max: "1m" } }),

  build(f, p) {
    f.task("run_simple_webserver", {
      in: { host: p.host, port: p.port, root: p.root },
      // Stopped here and started elsewhere is how it moves: no need to wait for its end.
      interruptible: true,
      async execute({ host, port, root }, ctx) {
        // Ends with this task, with its agent and with the claim: its guard sees to it.
        const server = new URL("./simple-http-webserver/file-server.js", import.meta.url);
        await ctx.runModule(server, [host, String(port), root]);
      },
    });
  },
});
