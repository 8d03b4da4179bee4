import type { Logger } from "pino";
import type { Agent } from "../../agent/agent.js";
import type { Config } from "../../config/config.js";
import { describeConfig } from "../../config/describe.js";
import { loadConfig, type Loaded } from "../../config/load.js";
import { composeAgent } from "./compose.js";
import { createLog } from "./log.js";
import type { RunFlags } from "../options.js";
import { flagSource } from "./flags.js";
import { leaveSignals } from "./signals.js";

/** `jobrunner run`: an agent until SIGTERM or Ctrl-C; the second one does not wait for tasks. */
export async function run(flags: RunFlags): Promise<number> {
  const loaded = load(flags);
  // Of a terminal it says that its window was closed, of a service manager to read settings again.
  const closes = process.stdout.isTTY === true;
  using signals = leaveSignals(["SIGTERM", "SIGINT", ...(closes ? (["SIGHUP"] as const) : [])]);
  const log = await createLog(process.stdout.isTTY === true, loaded.config.logLevel);
  for (const warning of loaded.warnings) log.warn(warning);
  const agent = await composeAgent(loaded.config, log);
  const reload = reloader(agent, log, { loaded, flags });
  if (!closes) process.on("SIGHUP", reload);
  try {
    await signals.untilTold((signal) => {
      log.info({ signal }, "leaving: jobs are handed over");
      return agent.stop();
    });
  } finally {
    process.off("SIGHUP", reload);
  }
  return 0;
}

function load(flags: RunFlags): Loaded {
  const { config: file } = flags;
  const named = file === undefined ? {} : { file };
  return loadConfig({ env: process.env, flags: flagSource(flags), ...named });
}

/** Settings that are taken over at SIGHUP; the others need a restart. */
const LIVE: readonly string[] = ["agent.slots", "api.token", "api.tokens", "api.tls", "log.level"];

/** What is wrong with the new settings is logged, and the old ones stay in force. */
function reloader(
  agent: Agent,
  log: Logger,
  { loaded, flags }: { readonly loaded: Loaded; readonly flags: RunFlags },
): () => void {
  let current = loaded;
  return () => {
    try {
      const next = load(flags);
      const changed = changes(current, next);
      current = next;
      apply(next.config, agent, log);
      const restart = changed.filter((setting) => !LIVE.includes(setting));
      log.info({ changed, ...(restart.length > 0 ? { restart } : {}) }, "settings read again");
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log.error(`the old settings stay in force: ${message}`);
    }
  };
}

function apply(config: Config, agent: Agent, log: Logger): void {
  log.level = config.logLevel;
  agent.reload(config);
}

function changes(before: Loaded, after: Loaded): readonly string[] {
  const old = new Map(describeConfig(before).map(({ setting, value }) => [setting, value]));
  return describeConfig(after)
    .filter(({ setting, value }) => old.get(setting) !== value)
    .map(({ setting }) => setting);
}
