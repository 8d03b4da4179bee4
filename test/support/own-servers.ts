import { TestRunner } from "vitest";
import { startConsul as consul } from "../../scripts/lab/servers/consul.js";
import { startMariadb as mariadb } from "../../scripts/lab/servers/mariadb.js";
import { startRedis as redis } from "../../scripts/lab/servers/redis.js";
import { missingServers } from "../../scripts/stages/servers.mjs";

/*
 * Servers of one test's own, to be killed and frozen: ordinary processes, as a container is neither
 * frozen nor started again on the same port. Where the program is not on PATH such a test is
 * skipped; continuous integration installs them.
 */

const missing = missingServers();

/** True when tests can start this package's server for themselves. */
export function canStart(name: "redis-server" | "consul" | "mariadb-server"): boolean {
  return !missing.includes(name);
}

export const startRedis: typeof redis = (...args) => {
  skipWithout("redis-server");
  return redis(...args);
};

export const startConsul: typeof consul = (...args) => {
  skipWithout("consul");
  return consul(...args);
};

export const startMariadb: typeof mariadb = (...args) => {
  skipWithout("mariadb-server");
  return mariadb(...args);
};

function skipWithout(name: Parameters<typeof canStart>[0]): void {
  if (!canStart(name)) TestRunner.getCurrentTest()?.context.skip(`${name} is not on PATH`);
}
