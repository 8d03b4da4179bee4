import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type Api, START_MS, startApi } from "./api.js";

/**
 * APIs for all tests of a file, on one database, of agents with these names: they are started
 * before the first test. Several know of each other.
 */
export function apisForFile<const Names extends readonly string[]>(
  ...names: Names
): { readonly [Name in keyof Names]: Api } {
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-http-"));
  const started: Api[] = [];
  beforeAll(async () => {
    for (const name of names) started.push(await startApi(dir, name));
    const members = started.map(({ url }, n) => {
      return { name: names[n] ?? "", url, state: "known" } as const;
    });
    if (started.length > 1) for (const api of started) api.members = members;
  }, START_MS);
  afterAll(async () => {
    for (const api of started) await api[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });
  const later = (n: number): Api => {
    const api = (): Api => {
      const found = started[n];
      if (found === undefined) throw new Error("it is started before the first test, not before");
      return found;
    };
    return new Proxy({} as Api, {
      get: (_, name) => Reflect.get(api(), name) as unknown,
      set: (_, name, value) => Reflect.set(api(), name, value),
    });
  };
  return names.map((_, n) => later(n)) as unknown as { readonly [Name in keyof Names]: Api };
}
