import pino from "pino";
import { UNASKED } from "../../http/unasked.js";
import { onTestFinished } from "vitest";
import { type Agents, createAgents } from "../../../agent/cluster/agents.js";
import type { Judge } from "../../../agent/cluster/capability.js";
import { createPeer } from "../../../agent/cluster/peer.js";
import { createHttp } from "../../../agent/http/server.js";
import type { Standing } from "../../../agent/jobs/why.js";
import type { Jobs } from "../../../agent/jobs.js";
import { systemClock } from "../../../cli/clock.js";
import type { JobrunnerError } from "../../../common/error.js";
import type { Member } from "../../../cluster/membership.js";
import { concluded } from "../../../agent/jobs/why.js";
import type { AgentWhyView } from "../../../common/wire.js";

/** What agents tell each other, on real servers of the loopback; none of them takes jobs. */
export interface Node extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly agents: Agents;
  readonly jobs: Pick<Jobs, "standing" | "explain">;
  /** What it was told to do about jobs. */
  readonly told: readonly string[];
  /** What it had to forget. */
  readonly forgotten: readonly string[];
  /** How often it was asked about itself. */
  readonly asked: number;
}

export interface NodeOptions {
  readonly name: string;
  readonly machine?: string;
  /** All that its registry knows, itself or not. */
  members?(): readonly Member[];
  /** Why its whole machine is to take no jobs. */
  readonly kept?: JobrunnerError;
  /** What it says of its capabilities. */
  readonly judge?: Partial<Judge>;
  /** What it says of every job. */
  explain?(): Promise<AgentWhyView>;
}

/** A job that waits for what nobody has. */
const STANDING: Standing = {
  job: {
    ...{ id: "0198f397-7c1e-7b02-9d40-5a6f0e1c2b33", flow: "encode", version: 3, name: "encode" },
    ...{ state: "WAITING", priority: 0, postedAt: "2027-01-31T18:00:00.000Z", postedVia: "alpha" },
  },
  requires: { protocol: 1, flow: "encode", version: 3, clauses: [] },
  over: false,
  obstacles: [],
};

export async function startNode(options: NodeOptions): Promise<Node> {
  const { name, machine = `machine-of-${name}`, members = () => [] } = options;
  const [told, forgotten]: [string[], string[]] = [[], []];
  let url = "";
  let asked = 0;
  const self = async () => {
    asked += 1;
    return { name, machine, url, state: "ready", tags: [], facts: {} } as const;
  };
  const explain = options.explain ?? (async () => ({ agent: name, able: false, requirements: [] }));
  const agents = createAgents({
    ...{ name, machine, peer: createPeer(() => ({})), clock: systemClock, self },
    membership: {
      members: async () => members(),
      mayResume: async () => {
        if (options.kept !== undefined) throw options.kept;
      },
      forget: async (each: string, reach: string) => {
        forgotten.push(`${each} ${reach}`);
        return true;
      },
    } as never,
    snapshot: async () => ({ gpus: { unknown: "hidden" } }),
    jobs: async () => ({ agent: name, able: true, missing: [], items: [] }),
    obey: (verb) => void told.push(verb),
  });
  const jobs = { standing: async () => STANDING, explain };
  const http = createHttp({
    jobs: { ...jobs, why: async () => concluded(STANDING, [await explain()]) } as unknown as Jobs,
    ...{ ...UNASKED, system: { ...UNASKED.system, ...options.judge } },
    ...{ agents, agent: name, version: "0.0.0", log: pino({ level: "silent" }) },
    health: async () => ({ ok: true, agent: name, checks: [] }),
  });
  url = await http.listen({ host: "127.0.0.1", port: 0 });
  let closed: Promise<void> | undefined;
  const dispose = (): Promise<void> => (closed ??= http.close());
  onTestFinished(dispose);
  return {
    ...{ name, url, agents, jobs, told, forgotten, [Symbol.asyncDispose]: dispose },
    get asked() {
      return asked;
    },
  };
}

/** A member as a registry has it, of a node or of nobody. */
export function memberOf(name: string, url?: string, more: Partial<Member> = {}): Member {
  return {
    ...{ name, state: "known", tags: [], facts: { os: "android" }, machine: `machine-of-${name}` },
    ...(url === undefined ? {} : { url }),
    ...more,
  };
}
