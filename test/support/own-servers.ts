import { TestRunner } from "vitest";
import { startConsul as consul } from "../../scripts/lab/servers/consul.js";
import { startLogind as logind } from "../../scripts/lab/servers/logind.js";
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

/** What a bus with a logind of its own is made of; Linux only. */
const LOGIND = ["dbus", "libglib2.0-bin", "systemd", "python3-dbus", "python3-gi"];

export const startLogind: typeof logind = (...args) => {
  const without = LOGIND.filter((name) => missing.includes(name)).join(", ");
  if (without !== "" || process.platform !== "linux") {
    TestRunner.getCurrentTest()?.context.skip(`no bus of its own: ${without} is missing`);
  }
  return logind(...args);
};

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
