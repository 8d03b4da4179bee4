import { join } from "node:path";
import { missingServers } from "../../../scripts/stages/servers.mjs";
import { startConsul } from "../../../scripts/lab/servers/consul.js";
import { startMariadb } from "../../../scripts/lab/servers/mariadb.js";
import { startRedis } from "../../../scripts/lab/servers/redis.js";
import type { Kind, Obtained } from "./kinds.js";

const PROGRAMS = {
  redis: { package: "redis-server", start: startRedis },
  consul: { package: "consul", start: startConsul },
  mysql: { package: "mariadb-server", start: startMariadb },
} as const;

/** A program on PATH as an ordinary process: free loopback port, throw-away data in `root`. */
export async function program(kind: Kind, root: string): Promise<Obtained | undefined> {
  const { package: name, start } = PROGRAMS[kind];
  if (missingServers().includes(name)) return undefined;
  const { url, server } = await start(join(root, kind));
  return { url, how: `${name} on PATH`, stop: () => server.kill() };
}
