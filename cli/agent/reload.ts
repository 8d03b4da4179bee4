import type { Logger } from "pino";
import type { Agent } from "../../agent/agent.js";
import { changedSettings } from "../../config/describe.js";
import type { Loaded } from "../../config/load.js";

/** Settings that are taken over at SIGHUP; the others are as they were at the start. */
const LIVE: readonly string[] = [
  ...["agent.slots", "agent.tags", "onlyWhen", "drain.timeout", "log.level"],
  ...["api.token", "api.tokens", "api.tls"],
];

export interface Reloading {
  /** As the agent was started. */
  readonly loaded: Loaded;
  /** Reads them again. */
  load(): Loaded;
}

/** What is wrong with the new settings is logged, and the old ones stay in force. */
export function reloader(
  agent: Pick<Agent, "change">,
  log: Pick<Logger, "level" | "info" | "error">,
  { loaded, load }: Reloading,
): () => void {
  let current = loaded;
  let hasToken = loaded.config.token !== undefined;
  return () => {
    try {
      const next = load();
      const changed = changedSettings(current, next);
      agent.change(next.config); // Throws before it has changed anything.
      current = next;
      log.level = next.config.logLevel;
      hasToken ||= next.config.token !== undefined;
      const restart = [
        ...[...changedSettings(loaded, next).keys()].filter((each) => !LIVE.includes(each)),
        // An agent is not opened while it runs, nor does it change what it speaks.
        ...(hasToken && next.config.token === undefined ? ["api.token"] : []),
        ...(isSecure(next) === isSecure(loaded) ? [] : ["api.tls"]),
      ];
      const told = { changed: Object.fromEntries(changed), ...(restart.length > 0 && { restart }) };
      log.info(told, "settings read again");
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log.error(`the old settings stay in force: ${message}`);
    }
  };
}

function isSecure({ config }: Loaded): boolean {
  return config.tls !== undefined;
}
