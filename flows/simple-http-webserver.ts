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
    root: z.string().min(1).default(".").describe("directory to serve"),
  }),
  // Asked before an agent takes the job; the port may be taken a moment later: the retry waits.
  capabilities: (p) => [portIsFree(p.port)],
  retry: times(100, { backoff: { delay: "1s", factor: 2, max: "1m" } }),

  build(f, p) {
    f.task("run_simple_webserver", {
      in: { port: p.port, root: p.root },
      // Stopped here and started elsewhere is how it moves: no need to wait for its end.
      interruptible: true,
      async execute({ port, root }, ctx) {
        // Ends with this task, with its agent and with the claim: its guard sees to it.
        const server = new URL("./simple-http-webserver/file-server.js", import.meta.url);
        await ctx.runModule(server, [String(port), root]);
      },
    });
  },
});
