import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { howToInstall, missingServers } from "../../../scripts/stages/servers.mjs";
import { container } from "./container.js";
import { given } from "./given.js";
import type { Kind, Obtained, Way } from "./kinds.js";
import { program } from "./program.js";

/** Addresses of the servers that all test files of the project `servers` share. */
declare module "vitest" {
  interface ProvidedContext {
    redisUrl: string;
    consulUrl: string;
    mysqlUrl: string;
  }
}

const KINDS: readonly Kind[] = ["redis", "consul", "mysql"];

/**
 * One Redis, one Consul and one MySQL or MariaDB for the whole run; each test uses a prefix or a
 * database of its own. A test that kills or freezes a server starts one for itself.
 *
 * Each is the first of: an address given by the environment, a container, a program on PATH.
 */
export default async function startServers(project: TestProject): Promise<() => Promise<void>> {
  const missing = missingServers();
  // People are told what is skipped; in continuous integration nothing may be.
  if (process.env["CI"] !== undefined && missing.length > 0) throw new Error(howToInstall(missing));
  const root = mkdtempSync(join(tmpdir(), "jobrunner-servers-"));
  const ways: readonly Way[] = [
    { name: "address", get: given },
    { name: "container", get: container },
    { name: "program", get: (kind) => program(kind, root) },
  ];
  const starting = KINDS.map(async (kind) => {
    const server = await firstOf(kind, ways);
    project.provide(`${kind}Url`, server.url);
    console.log(`note: ${kind}: ${server.how}`);
    return server;
  });
  const stop = async (): Promise<void> => {
    for (const server of await Promise.allSettled(starting)) {
      if (server.status === "fulfilled") await server.value.stop();
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

async function firstOf(kind: Kind, ways: readonly Way[]): Promise<Obtained> {
  const failures: string[] = [];
  for (const { name, get } of ways) {
    try {
      const server = await get(kind);
      if (server !== undefined) return server;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      failures.push(why);
      console.log(`note: ${kind}: no ${name}: ${why.split("\n")[0] ?? ""}`);
    }
  }
  throw new Error([...failures, howToInstall(missingServers())].join("\n"));
}
