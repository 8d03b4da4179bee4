import { join } from "node:path";
import { type AgentProcess, startAgent } from "../../lab/agents.js";
import type { Place } from "../../lab/fleet/places.js";
import { freePort } from "../../lab/ports.js";
import { type Held, heldBy, PROBED } from "./heap.js";

/** Two agents that know each other: the first one is asked. */
export interface Fuzzed extends AsyncDisposable {
  readonly agents: readonly [AgentProcess, AgentProcess];
  /** One of them is not alive any more. */
  ended(): boolean;
  logEnd(): string;
  /** What an agent holds once nobody asks it any more. */
  quiet(agent: AgentProcess): Promise<Held>;
}

/** Flows of tests, which end, talk, fail and count. */
const FLOWS = join(import.meta.dirname, "..", "..", "..", "test", "http", "flows");
/** Readers that went are noticed by then, ms. */
const QUIET_MS = 5_000;

export async function startFuzzed(place: Place, dir: string): Promise<Fuzzed> {
  const ports = [await freePort(), await freePort()] as const;
  const peers = JSON.stringify(ports.map((port) => `http://127.0.0.1:${String(port)}`));
  let over = 0;
  const start = (index: 0 | 1): AgentProcess => {
    const { board, env } = place.settings(index);
    const agent = startAgent({
      ...{ name: `fuzz${String(index + 1)}`, port: ports[index], node: PROBED },
      stateHome: join(dir, `state-${String(index)}`),
      args: [
        ...["--board", board, "--persistence", place.database],
        ...["--flows", FLOWS, "--slots", "16"],
      ],
      env: { ...env, JOBRUNNER_PEERS: peers, JOBRUNNER_LOG: "warn" },
    });
    void agent.exited.then(() => (over += 1));
    return agent;
  };
  const agents = [start(0), start(1)] as const;
  const fuzzed: Fuzzed = {
    agents,
    ended: () => over > 0,
    logEnd: () => agents.map((agent) => agent.output().slice(-4_000)).join("\n"),
    quiet: async (agent) => {
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      return heldBy(agent);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(agents.map((agent) => agent[Symbol.asyncDispose]()));
    },
  };
  try {
    await Promise.all(agents.map((agent) => agent.ready()));
  } catch (error) {
    await fuzzed[Symbol.asyncDispose]();
    throw error;
  }
  return fuzzed;
}
