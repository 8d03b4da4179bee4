import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { JobrunnerError } from "../../../common/error.js";
import { EXIT } from "../../exit.js";
import { flowsDirectory } from "./directory.js";

const TEST = /\.test\.m?[jt]s$/;

/**
 * `jobrunner flow test [FILE|DIR...]`: tests of Node's own runner, in a process of their own, where
 * `jobrunner` and `jobrunner/testing` are this installation. Returns 1 when one fails.
 */
export async function testFlows(paths: readonly string[]): Promise<number> {
  const places = paths.length === 0 ? [flowsDirectory()] : paths.map((path) => resolve(path));
  const files = places.flatMap(testsIn);
  if (files.length === 0) {
    throw new JobrunnerError("NOT_FOUND", `there are no tests in ${places.join(", ")}`, {
      hint: "Tests are NAME.test.ts beside a flow: jobrunner flow new NAME writes one.",
    });
  }
  const host = fileURLToPath(new URL("./test-host.js", import.meta.url));
  const words = ["--test-reporter=spec", host, ...files];
  const child = spawn(process.execPath, words, { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code === 0 ? EXIT.ok : EXIT.internal;
}

function testsIn(path: string): readonly string[] {
  if (!existsSync(path)) throw new JobrunnerError("NOT_FOUND", `there is no ${path}`);
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => TEST.test(name))
    .sort()
    .map((name) => join(path, name));
}
