import type { HostSettings, ToRunner } from "../messages.js";
import { captureConsole } from "./console.js";
import { Host } from "./host.js";
import { loadPlugins } from "./loader.js";
import { openPort } from "./port.js";

/* Entry of a runner, process or thread: reads its settings, loads the plugins, answers. */

const port = openPort();
let host: Host | undefined;
const early: ToRunner[] = [];

port.listen((message) => {
  if (host !== undefined) host.take(message);
  else if (message.kind === "settings") void start(message.settings);
  else early.push(message);
});

// What ends this process is said in words; its stack goes to the log by standard error.
process.on("uncaughtExceptionMonitor", (error) => {
  port.post({ kind: "dying", why: `uncaught ${error.name}: ${error.message}` });
  port.flush();
});

async function start(settings: HostSettings): Promise<void> {
  captureConsole();
  const loaded = await loadPlugins(settings, (file) => {
    port.post({ kind: "loading", file });
    port.flush(); // The plugin may end this process before the turn is over.
  });
  host = new Host(port, loaded, settings.agent);
  port.post({ kind: "ready", manifest: loaded.manifest });
  for (const message of early.splice(0)) host.take(message);
}
