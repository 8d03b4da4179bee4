import type { JobBoard } from "../../boards/board.js";
import type { Capability, Registry, Verdict } from "../../capabilities/capability.js";
import type { Append, Persistence, Verdict as Appended } from "../../persistence/persistence.js";
import type { JobBodies, Runners } from "../runner/runner.js";
import type { Metrics } from "./metrics.js";
import { timed } from "./timed.js";

/* The ports an agent is made of, each with a watch that tells the metrics what it saw. */

const BOARD_ACTS = [
  ...(["put", "survey", "candidates", "claim", "renew", "reclaim"] as const),
  ...(["abandon", "consume", "remove", "exists", "held"] as const),
] as const;

/** `kind`: embedded, redis or consul. */
export function measuredBoard(board: JobBoard, kind: string, metrics: Metrics): JobBoard {
  return timed(board, BOARD_ACTS, ({ method, ms, answer }) => {
    metrics.boardActed(kind, method, ms);
    if (method === "claim" && answer !== undefined) metrics.claimAsked(answer === "claimed");
  });
}

const WRITES = [
  ...(["post", "raise", "append", "endOwnership", "cancel", "suspend", "resume"] as const),
  ...(["reprioritise", "release", "remove", "removeOld", "addLogs"] as const),
] as const;

export function measuredPersistence(persistence: Persistence, metrics: Metrics): Persistence {
  return timed(persistence, WRITES, ({ method, ms, args, answer }) => {
    metrics.persistenceWrote(method, ms);
    if (method !== "append" || answer === undefined) return;
    metrics.atomRetried(retriesOf(args[0] as readonly Append[], answer as readonly Appended[]));
  });
}

function retriesOf(appends: readonly Append[], verdicts: readonly Appended[]): number {
  return appends
    .filter(({ repeated }, index) => !repeated && verdicts[index]?.accepted === true)
    .flatMap(({ changes }) => changes)
    .filter((change) => change.change === "decision" && change.decision === "RETRY").length;
}

export function measuredRunners(runners: Runners, metrics: Metrics): Runners {
  const proxy: Runners = new Proxy(runners, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name === "open") return open;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const open: Runners["open"] = async (job, alone) =>
    measuredBodies(await runners.open(job, alone), job.flow, metrics);
  return proxy;
}

function measuredBodies(bodies: JobBodies, flow: string, metrics: Metrics): JobBodies {
  return timed(bodies, ["execute", "revert"], ({ method, args, ms }) => {
    const [{ atom }] = args as Parameters<JobBodies["execute"]>;
    metrics.atomRan(flow, atom, method === "revert" ? "revert" : "execute", ms);
  });
}

export function measuredCapabilities(registry: Registry, metrics: Metrics): Registry {
  const made = new WeakMap<Capability, Capability>();
  return {
    keys: () => registry.keys(),
    get(name) {
      const capability = registry.get(name);
      if (capability === undefined) return undefined;
      const known = made.get(capability) ?? measuredCapability(capability, metrics);
      made.set(capability, known);
      return known;
    },
  };
}

function measuredCapability(capability: Capability, metrics: Metrics): Capability {
  return timed(capability, ["check"], ({ answer, ms }) => {
    metrics.capabilityAsked(capability.name, resultOf(answer as Verdict | undefined), ms);
  });
}

/** One that throws is one that nobody can tell. */
function resultOf(verdict: Verdict | undefined): "yes" | "no" | "unknown" {
  if (verdict === undefined || "unknown" in verdict) return "unknown";
  return verdict.able ? "yes" : "no";
}
