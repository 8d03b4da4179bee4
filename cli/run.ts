import { resolveConfig } from "../agent/config.js";
import { composeAgent } from "./compose.js";
import { createLog } from "./log.js";
import type { RunOptions } from "./options.js";
import { untilTold } from "./signals.js";

/** `jobrunner run`: an agent until SIGTERM or Ctrl-C; the second one does not wait for tasks. */
export async function run(options: RunOptions): Promise<number> {
  const config = resolveConfig(options, process.env);
  const log = await createLog(
    process.stdout.isTTY === true,
    process.env["JOBRUNNER_LOG"] ?? "info",
  );
  const agent = await composeAgent(config, log);
  await untilTold((signal) => {
    log.info({ signal }, "leaving: jobs are handed over");
    return agent.stop();
  });
  return 0;
}
