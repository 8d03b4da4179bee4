import type { Logger } from "pino";
import type { JobBoard } from "../boards/board.js";
import type { Membership } from "../cluster/membership.js";
import type { Clock } from "../common/clock.js";
import type { Config } from "../config/config.js";
import type { Facts } from "../facts/facts.js";
import type { Persistence } from "../persistence/persistence.js";
import type { Power } from "../power/power.js";
import type { AgentIdentity } from "./identity.js";
import type { Runners } from "./runner/runner.js";

/** The concrete parts; the agent owns their lifetimes from here on. */
export interface AgentParts {
  readonly config: Config;
  readonly persistence: Persistence;
  readonly board: JobBoard;
  readonly runners: Runners;
  readonly identity: AgentIdentity;
  readonly facts: Facts;
  readonly membership: Membership;
  readonly power: Power;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of this jobrunner. */
  readonly version: string;
}

/** Settings that change without a restart. */
export type LiveSettings = Pick<
  Config,
  "slots" | "tags" | "onlyWhen" | "drainTimeoutMs" | "token" | "tokens" | "tls"
>;
