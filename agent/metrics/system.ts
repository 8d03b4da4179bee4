import type { Registry } from "../../capabilities/capability.js";
import type { Evaluator } from "../../capabilities/evaluate.js";
import { parseClause, readClause } from "../../capabilities/parse.js";
import type { Clock } from "../../common/clock.js";
import { JobrunnerError } from "../../common/error.js";
import type { AgentView } from "../../common/wire.js";
import type { CapabilityView, StatusView } from "../../common/wire/system.js";
import type { Config } from "../../config/config.js";
import type { Persistence } from "../../persistence/persistence.js";
import type { System } from "../http/route.js";
import { kindOf } from "../cluster/kind.js";
import type { WhyHere } from "../matching/why.js";
import { LoopLag } from "./loop-lag.js";
import type { Metrics } from "./metrics.js";

/** A loop that is later than this is of no use to anybody, ms. */
const LAG_MS_MAX = 2_000;

export interface OwnSystem extends System, Disposable {}

export interface SystemParts {
  readonly agent: string;
  readonly version: string;
  readonly config: Config;
  readonly persistence: Pick<Persistence, "counts">;
  readonly abilities: Registry & Pick<Evaluator, "busy">;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly why: Pick<WhyHere, "clause">;
  view(): Promise<AgentView>;
}

export function createSystem(parts: SystemParts): OwnSystem {
  const { agent, abilities, metrics } = parts;
  const startedAt = new Date().toISOString();
  const lag = new LoopLag(parts.clock);
  installGauges(parts, lag);
  return {
    status: () => statusOf(parts, startedAt),
    capabilities: () => ({ items: [...abilities.keys()].sort().flatMap(viewOf(abilities)) }),
    clauseOf: (text) => parseClause(text, abilities),
    knows: (name) => abilities.get(name) !== undefined,
    async judge(text) {
      const clause = readClause(text);
      if (abilities.busy(clause)) throw busy(clause.name);
      return parts.why.clause(clause);
    },
    metrics: () => metrics.text(),
    liveness() {
      const ok = lag.ms < LAG_MS_MAX;
      const detail = `${Math.round(lag.ms)} ms late`;
      return { ok, agent, checks: [{ name: "event loop", ok, detail }] };
    },
    [Symbol.dispose]: () => lag.stop(),
  };
}

function busy(name: string): JobrunnerError {
  return new JobrunnerError("BUSY", `too many wait already for what ${name} says`, {
    hint: "It is asked one at a time: try again in a few seconds.",
    retryable: true,
  });
}

async function statusOf(parts: SystemParts, startedAt: string): Promise<StatusView> {
  const { agent, version, config, persistence } = parts;
  const { state, note, slots = { total: config.slots, busy: 0 } } = await parts.view();
  const jobs = await persistence.counts().catch(() => undefined); // Told as missing.
  return {
    ...{ agent, version, node: process.versions.node, startedAt, state },
    ...(note === undefined ? {} : { note }),
    board: kindOf(config.board),
    persistence: kindOf(config.persistence),
    slots,
    ...(jobs === undefined ? {} : { jobs }),
  };
}

function installGauges({ metrics, version, persistence, view }: SystemParts, lag: LoopLag): void {
  const { node } = process.versions;
  metrics.gauge(
    "agent_info",
    "Always 1; what runs here.",
    () => [[{ version, node, arch: process.arch }, 1]],
    ["version", "node", "arch"],
  );
  metrics.gauge("event_loop_lag_seconds", "How late the agent's event loop is.", () => [
    [{}, lag.ms / 1_000],
  ]);
  metrics.gauge("resident_memory_bytes", "Memory of the agent's own process.", () => [
    [{}, process.memoryUsage.rss()],
  ]);
  metrics.gauge(
    "slots",
    "Slots for jobs on this agent, by state.",
    async () => {
      const { slots = { total: 0, busy: 0 } } = await view();
      const free = Math.max(0, slots.total - slots.busy);
      return [
        [{ state: "busy" }, slots.busy],
        [{ state: "free" }, free],
      ];
    },
    ["state"],
  );
  metrics.gauge(
    "jobs",
    "Jobs of the whole cluster that are not over, by state; every agent tells the same.",
    async () => Object.entries(await persistence.counts()).map(([state, n]) => [{ state }, n]),
    ["state"],
  );
}

function viewOf(abilities: Registry): (name: string) => readonly CapabilityView[] {
  return (name) => {
    const capability = abilities.get(name);
    if (capability === undefined) return [];
    const { summary, usage, needs, cost, exclusive = false, cacheMs, file } = capability;
    const lasts = Number.isFinite(cacheMs) ? { cacheMs } : {};
    const from = file === undefined ? {} : { file };
    return [{ ...{ name, summary, usage, needs, cost, exclusive }, ...lasts, ...from }];
  };
}
