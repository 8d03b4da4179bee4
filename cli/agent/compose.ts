import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Logger } from "pino";
import { type Agent, startAgent } from "../../agent/agent.js";
import { openIdentity } from "../../agent/identity.js";
import { createRunners, type RunnerEvent } from "../../agent/runner/runners.js";
import { openBoard } from "../../boards/open.js";
import type { Config } from "../../config/config.js";
import { ensureDirectory } from "../../config/state-directory.js";
import { createFacts, type Facts } from "../../facts/facts.js";
import { createSources } from "../../facts/sources.js";
import { openPersistence } from "../../persistence/open.js";
import { fileLocks } from "../../sqlite/lock.js";
import { openMachineMembership } from "../../cluster/machine.js";
import type { Membership } from "../../cluster/membership.js";
import { resolveConsulUrl } from "../../consul/address.js";
import { type Power, SILENT_POWER } from "../../power/power.js";
import { packageVersion } from "../version.js";
import { systemClock } from "../clock.js";

/**
 * The composition root: the only place that names concrete boards, persistence, runners and the
 * clock. What was opened is closed again when a later part cannot be.
 */
export async function composeAgent(config: Config, log: Logger): Promise<Agent> {
  const opened: AsyncDisposable[] = [];
  const keep = <T extends AsyncDisposable>(part: T): T => {
    opened.unshift(part);
    return part;
  };
  try {
    await ensureDirectory(config.directory);
    const { directory, name, leaseMs } = config;
    const takeLock = await fileLocks();
    const identity = keep(await openIdentity({ directory, name, takeLock }));
    const persistence = keep(await openPersistence(config.persistence));
    const warn = (advice: string): void => log.warn(advice);
    const board = keep(await openBoard(config.board, { leaseMs, warn, holder: name }));
    const runners = keep(openRunners(config, log));
    const facts = keep(openFacts(config));
    const membership = keep(await openMembership(config, log));
    const power = keep(await openPower(log));
    const parts = {
      ...{ config, persistence, board, runners, identity, membership, power, facts, log },
      ...{ clock: systemClock, version: packageVersion() },
    };
    opened.splice(0); // From here on the agent closes them, also when it fails to start.
    return await startAgent(parts);
  } catch (error) {
    for (const part of opened) await part[Symbol.asyncDispose]();
    throw error;
  }
}

export function openFacts({ name, tags, facts, freePorts: ports }: Config): Facts {
  const machine = { clock: systemClock, agent: name, tags, overrides: facts };
  return createFacts({ ...machine, ...createSources({ ports }) });
}

async function openMembership(config: Config, log: Logger): Promise<Membership> {
  const { registry, directory, peers } = config;
  if (registry === undefined) return openMachineMembership({ directory, peers });
  const { ConsulMembership } = await import("../../cluster/consul/membership.js");
  const { address } = await resolveConsulUrl(registry, [], process.env);
  const onTrouble = (why: string | undefined): void =>
    why === undefined
      ? log.info("registered in Consul")
      : log.warn({ why }, "Consul does not know of this agent; jobs go on");
  return new ConsulMembership({ address, onTrouble, onTwin: (why) => log.warn({ why }, TWIN) });
}

const TWIN = "commands by name reach neither of two agents that share one";

/** Elsewhere, and on phones, sleep is only noticed when it is over. */
async function openPower(log: Logger): Promise<Power> {
  if (process.platform === "android") {
    const { TermuxPower } = await import("../../power/termux.js");
    return new TermuxPower({
      onRefused: (why) => log.warn({ why }, "this phone cannot be kept awake while jobs run"),
    });
  }
  if (process.platform !== "linux") return SILENT_POWER;
  const { Logind } = await import("../../power/logind.js");
  return new Logind({
    onAbsent: (why) => log.debug({ why }, "sleep of this machine is noticed when it is over"),
    onRefused: (why) => log.warn({ why }, "sleep of this machine cannot be held up"),
  });
}

export function openRunners(
  config: Config,
  log: Logger,
  flows = flowDirectories(config),
): ReturnType<typeof createRunners> {
  return createRunners({
    flows,
    agent: config.name,
    transport: config.runner,
    ...(config.memory === undefined ? {} : { memoryMb: Math.floor(config.memory / 1024 ** 2) }),
    cache: join(config.directory, "cache"),
    clock: systemClock,
    notify: (event) => note(event, log),
  });
}

function note({ event, ...fields }: RunnerEvent, log: Logger): void {
  if (event === "ended") log.warn(fields, "a runner ended by itself");
  else if (event === "output") log.info(fields, "runner output");
  else log.debug(fields, `runner ${event}`);
}

/** Directories with plugins: the project's own `flows/` when there is one, then those named. */
export function flowDirectories(config: Config): readonly string[] {
  const project = resolve("flows");
  return existsSync(project) ? [project, ...config.flows] : config.flows;
}
