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
 * `jobrunner flow test [FLOW|FILE|DIR...]`: tests of Node's own runner, in a process of their own,
 * where `jobrunner` and `jobrunner/testing` are this installation. Returns 1 when one fails.
 */
export async function testFlows(paths: readonly string[]): Promise<number> {
  const places = paths.length === 0 ? [flowsDirectory()] : paths.map(placeOf);
  const files = places.flatMap(testsIn);
  if (files.length === 0) {
    throw new JobrunnerError("NOT_FOUND", `there are no tests in ${places.join(", ")}`, {
      hint: HINT,
    });
  }
  const host = fileURLToPath(new URL("./test-host.js", import.meta.url));
  const words = ["--test-reporter=spec", host, ...files];
  const child = spawn(process.execPath, words, { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code === 0 ? EXIT.ok : EXIT.internal;
}

const HINT = "Tests are NAME.test.ts beside a flow: jobrunner flow new NAME writes one.";

/** What is no path may be the name of a flow. */
function placeOf(word: string): string {
  const named = join(flowsDirectory(), `${word}.test.ts`);
  return !existsSync(word) && existsSync(named) ? named : resolve(word);
}

function testsIn(path: string): readonly string[] {
  if (!existsSync(path))
    throw new JobrunnerError("NOT_FOUND", `there is no ${path}`, { hint: HINT });
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => TEST.test(name))
    .sort()
    .map((name) => join(path, name));
}
