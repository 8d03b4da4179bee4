import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startConsul } from "../../scripts/lab/servers/consul.js";
import { startMariadb } from "../../scripts/lab/servers/mariadb.js";
import { startRedis } from "../../scripts/lab/servers/redis.js";

/** Addresses of the servers that all test files of the project `servers` share. */
declare module "vitest" {
  interface ProvidedContext {
    redisUrl: string;
    consulUrl: string;
    mysqlUrl: string;
  }
}

/**
 * One Redis, one Consul and one MariaDB for the whole run; each test uses a prefix or a database of
 * its own. A test that kills or freezes a server starts one for itself.
 */
export default async function startServers(project: TestProject): Promise<() => Promise<void>> {
  const root = mkdtempSync(join(tmpdir(), "jobrunner-servers-"));
  const starting = [
    startRedis(join(root, "redis")).then((redis) => {
      project.provide("redisUrl", redis.url);
      return redis.server;
    }),
    startConsul(join(root, "consul")).then((consul) => {
      project.provide("consulUrl", consul.url);
      return consul.server;
    }),
    startMariadb(join(root, "mariadb")).then((mariadb) => {
      project.provide("mysqlUrl", mariadb.url);
      return mariadb.server;
    }),
  ];
  const stop = async (): Promise<void> => {
    for (const server of await Promise.allSettled(starting)) {
      if (server.status === "fulfilled") await server.value.kill();
    }
    rmSync(root, { recursive: true, force: true });
  };
  try {
    await Promise.all(starting);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
