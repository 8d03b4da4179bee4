import { join } from "node:path";
import { openBoard } from "../../../boards/open.js";
import { startConsulCluster } from "../servers/consul-cluster.js";
import { startConsul } from "../servers/consul.js";
import { startMariadb } from "../servers/mariadb.js";
import { startRedis } from "../servers/redis.js";

/** Where the agents of a lab find their board and their jobs. */
export interface Place extends AsyncDisposable {
  readonly database: string;
  /** The board's URL for the n-th machine, for openBoard. */
  board(machine: number): string;
  /** The same for an agent: the value of --board, and what belongs to it. */
  settings(machine: number): { readonly board: string; readonly env: Record<string, string> };
  /** The n-th machine's own Consul agent, where each has one. */
  readonly consuls?: readonly { kill(): Promise<void>; start(): Promise<void> }[];
}

export type PlaceName = "redis" | "consul" | "machines" | "embedded";

/**
 * Starts the servers below `dir`: MariaDB beside Redis, beside one Consul, or beside three Consul
 * servers and a Consul client for each of `machines`; for `embedded` there is only a file.
 */
export async function startPlace(name: PlaceName, dir: string, machines: number): Promise<Place> {
  if (name === "embedded") {
    const file = `sqlite:${join(dir, "jobs.db")}`;
    const settings = { board: file, env: {} };
    return {
      database: file,
      board: () => file,
      settings: () => settings,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const started: { kill(): Promise<void> }[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.kill()));
  };
  try {
    const mariadb = await startMariadb(join(dir, "mariadb"));
    started.push(mariadb.server);
    const common = { database: mariadb.url, [Symbol.asyncDispose]: dispose };
    if (name === "redis") {
      const redis = await startRedis(dir);
      started.push(redis.server);
      return { ...common, board: () => redis.url, settings: () => ({ board: redis.url, env: {} }) };
    }
    if (name === "consul") {
      const consul = await startConsul(join(dir, "consul"));
      started.push(consul.server);
      return { ...common, ...consulAt(() => consul.port) };
    }
    const size = { servers: 3, clients: machines };
    const cluster = await startConsulCluster(join(dir, "consul"), size);
    started.push({ kill: async () => cluster[Symbol.asyncDispose]() });
    const consuls = cluster.clients.map(({ server }) => server);
    return { ...common, consuls, ...consulAt((n) => cluster.clients[n]?.port ?? 0) };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function consulAt(port: (machine: number) => number): Pick<Place, "board" | "settings"> {
  const host = (machine: number): string => `127.0.0.1:${String(port(machine))}`;
  return {
    board: (n) => `consul://${host(n)}/jobrunner`,
    settings: (n) => ({ board: "consul", env: { CONSUL_HTTP_ADDR: `http://${host(n)}` } }),
  };
}

/** The claims that the board says an incarnation holds, as `job claimId`, in order. */
export async function heldBy(url: string, incarnation: string): Promise<readonly string[]> {
  await using board = await openBoard(url, { leaseMs: 10_000 });
  const held = await board.held(incarnation);
  return [...held].map(([job, claimId]) => `${job} ${claimId}`).sort();
}
