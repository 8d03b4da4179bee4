// Loaded into an agent before its own code: at SIGUSR2 it collects all garbage and says on stderr
// what is left, as one line of JSON.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

process.on("SIGUSR2", () => {
  gc();
  gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  const open = {};
  for (const name of process.getActiveResourcesInfo()) open[name] = (open[name] ?? 0) + 1;
  process.stderr.write(`\n${JSON.stringify({ probe: { heapUsed, external, rss, open } })}\n`);
});
