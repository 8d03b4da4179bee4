import { pathToFileURL } from "node:url";
import { join } from "node:path";
import type { AgentProcess } from "../../lab/agents.js";
import { until } from "../../lab/until.js";

/** What a process holds after its garbage was collected. */
export interface Held {
  readonly heapUsed: number;
  /** Of buffers and the like, bytes. */
  readonly external: number;
  readonly rss: number;
  /** Handles by their kind, such as sockets. */
  readonly open: Readonly<Record<string, number>>;
}

/** Arguments of Node for an agent that is to be asked. */
export const PROBED = ["--import", pathToFileURL(join(import.meta.dirname, "heap-probe.mjs")).href];

const WITHIN_MS = 20_000;

export async function heldBy(agent: AgentProcess): Promise<Held> {
  const told = (): readonly string[] => agent.output().match(/^\{"probe":.*\}$/gm) ?? [];
  const before = told().length;
  agent.signal("SIGUSR2");
  const line = await until(() => told()[before], { withinMs: WITHIN_MS, what: "the heap's size" });
  return (JSON.parse(line) as { readonly probe: Held }).probe;
}
