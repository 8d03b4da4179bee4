import { join } from "node:path";
import { until } from "../until.js";
import { consulPorts, type ConsulPorts, type ConsulServer, startConsul } from "./consul.js";

/** Several Consul servers with one leader, and client agents, as on machines of their own. */
export interface ConsulCluster extends AsyncDisposable {
  readonly servers: readonly ConsulServer[];
  /** Client agents, which hold no data of the cluster. */
  readonly clients: readonly ConsulServer[];
  /** The server that leads now; rejects when none does for 30 s. */
  leader(): Promise<ConsulServer>;
}

export interface ClusterSize {
  readonly servers: number;
  readonly clients: number;
}

/** Starts them all on the loopback, each with its data in a folder below `dir`. */
export async function startConsulCluster(
  dir: string,
  { servers: count, clients: more }: ClusterSize,
): Promise<ConsulCluster> {
  const started: ConsulServer[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(started.map(({ server }) => server.kill()));
  };
  const ports = await portsFor(count + more);
  const seeds = ports.slice(0, count).map(({ serf_lan }) => `127.0.0.1:${String(serf_lan)}`);
  const start = async (n: number): Promise<ConsulServer> => {
    const role =
      n < count
        ? { server: true, bootstrap_expect: count }
        : { server: false, bootstrap_expect: undefined };
    const own = ports[n];
    const consul = await startConsul(join(dir, String(n)), {
      ...(own === undefined ? {} : { ports: own }),
      config: { ...role, node_name: `node-${String(n)}`, retry_join: seeds, retry_interval: "1s" },
    });
    started.push(consul);
    return consul;
  };
  try {
    const all = await Promise.all(ports.map((_, n) => start(n)));
    const servers = all.slice(0, count);
    await until(() => haveVotes(servers), { withinMs: 60_000, what: "all servers to vote" });
    const leader = (): Promise<ConsulServer> =>
      until(() => leaderOf(servers, ports), { withinMs: 30_000, what: "a leader" });
    return { servers, clients: all.slice(count), leader, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** All at once, for no port to be given twice. */
async function portsFor(members: number): Promise<readonly ConsulPorts[]> {
  return Promise.all(Array.from({ length: members }, () => consulPorts()));
}

async function ask<T>(consul: ConsulServer, path: string): Promise<T | undefined> {
  try {
    const answer = await fetch(`${consul.url}${path}`, { signal: AbortSignal.timeout(1_000) });
    return answer.ok ? ((await answer.json()) as T) : undefined;
  } catch {
    return undefined; // Killed or frozen.
  }
}

/** A server that has just joined does not vote for some seconds: losing another is fatal then. */
async function haveVotes(servers: readonly ConsulServer[]): Promise<boolean> {
  const [first] = servers;
  if (first === undefined) return false;
  const raft = await ask<{ readonly Servers: readonly { readonly Voter: boolean }[] }>(
    first,
    "/v1/operator/raft/configuration",
  );
  return raft?.Servers.filter(({ Voter }) => Voter).length === servers.length;
}

async function leaderOf(
  servers: readonly ConsulServer[],
  ports: readonly ConsulPorts[],
): Promise<ConsulServer | undefined> {
  for (const server of servers) {
    const address = await ask<string>(server, "/v1/status/leader?stale");
    const index = ports.findIndex((each) => address === `127.0.0.1:${String(each.server)}`);
    const leader = servers[index];
    // A survivor may name a dead one for a moment.
    if (leader !== undefined && (await ask(leader, "/v1/status/leader")) === address) return leader;
  }
  return undefined;
}
