import type { Logger } from "pino";
import type { Agent } from "../../agent/agent.js";
import { loadConfig, type Loaded } from "../../config/load.js";
import { systemClock } from "../clock.js";
import { composeAgent } from "./compose.js";
import { createLog } from "./log.js";
import { EXIT } from "../exit.js";
import type { RunFlags } from "../options.js";
import { flagSource } from "./flags.js";
import { reloader } from "./reload.js";
import { keptSignals, leaveSignals } from "./signals.js";
import { createNotify, type NotifySettings, takeNotifySettings } from "./systemd/notifier.js";
import { Supervision } from "./systemd/supervision.js";

/**
 * `jobrunner run`: an agent until SIGTERM or Ctrl-C; the second one does not wait for tasks. With
 * `--once` until there is nothing that it may take. Returns the exit code.
 */
export async function run(flags: RunFlags): Promise<number> {
  // Of a terminal it says that its window was closed, of a service manager to read settings again.
  const closes = process.stdout.isTTY === true;
  using signals = leaveSignals(["SIGTERM", "SIGINT", ...(closes ? (["SIGHUP"] as const) : [])]);
  using hangUps = keptSignals(closes ? [] : ["SIGHUP"]);
  const loaded = load(flags);
  const notified = takeNotifySettings(process.env);
  const log = await createLog(process.stdout.isTTY === true, loaded.config.logLevel);
  for (const warning of loaded.warnings) log.warn(warning);
  const agent = await composeAgent(loaded.config, log);
  const supervision = notified && supervise(agent, log, notified);
  try {
    hangUps.obey(reloader(agent, log, { loaded, load: () => load(flags) }));
    await supervision?.ready();
    const leave = async (why: object, what: string): Promise<void> => {
      log.info(why, what);
      await Promise.all([supervision?.leaving(), agent.stop()]);
    };
    const told = signals.untilTold((signal) => leave({ signal }, "leaving: jobs are handed over"));
    const isTold = told.then(() => EXIT.ok);
    return await (flags.once === true
      ? Promise.race([isTold, workOff(agent, log, leave)])
      : isTold);
  } finally {
    await supervision?.over();
  }
}

/** `--once`: leaves by itself; the exit code tells whether it was able to work. */
async function workOff(
  agent: Agent,
  log: Logger,
  leave: (why: object, what: string) => Promise<void>,
): Promise<number> {
  const kept = await agent.workedOff();
  if (kept !== undefined) log.error({ why: kept.why }, "it can take no jobs");
  await leave({}, kept === undefined ? "leaving: there is nothing more to do" : "leaving");
  if (kept === undefined) return EXIT.ok;
  return kept.isConflict ? EXIT.conflict : EXIT.unavailable;
}

function supervise(agent: Agent, log: Logger, { socket, watchdogMs }: NotifySettings): Supervision {
  const notify = createNotify(socket, (why) => {
    log.error({ why }, "systemd was not told: the unit needs the program systemd-notify");
  });
  return new Supervision({ clock: systemClock, notify, watchdogMs, pulse: agent.pulse });
}

function load(flags: RunFlags): Loaded {
  const { config: file } = flags;
  const named = file === undefined ? {} : { file };
  return loadConfig({ env: process.env, flags: flagSource(flags), ...named });
}
