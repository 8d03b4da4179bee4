import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openPersistence } from "../persistence/open.js";
import { differences } from "../test/conformance/compare.js";
import { replay } from "../test/conformance/replay.js";
import { skipReason } from "../test/conformance/skips.js";
import type { Vector } from "../test/conformance/vector.js";

/*
 * `npm run conformance -- [--store memory:|sqlite:FILE|mysql://...] DIR`: replays every vector in DIR against
 * the engine and real persistence. Prints a line for each that differs or is skipped, at the end
 * `N passed, N failed`; exits 1 if any failed.
 */

const { store, directory } = readArguments(process.argv.slice(2));
let passed = 0;
let failed = 0;
for (const file of readdirSync(directory).filter((name) => name.endsWith(".json"))) {
  const vector = JSON.parse(readFileSync(join(directory, file), "utf8")) as Vector;
  const reason = skipReason(vector);
  if (reason !== undefined) {
    console.log(`skipped ${vector.id}: ${reason}`);
    continue;
  }
  const found = await differencesOf(vector);
  if (found.length === 0) passed += 1;
  else {
    failed += 1;
    console.log(`FAIL ${vector.id} ${found.slice(0, 6).join(" ")}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function differencesOf(vector: Vector): Promise<readonly string[]> {
  try {
    await using persistence = await openPersistence(store);
    return differences(vector, await within(10_000, replay(vector, persistence)));
  } catch (error) {
    return [error instanceof Error ? `${error.name}: ${error.message}` : String(error)];
  }
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function readArguments(words: readonly string[]): { store: string; directory: string } {
  const [flag, value] = words;
  const given = flag === "--store" ? value : undefined;
  const directory = given === undefined ? words[0] : words[2];
  if (directory === undefined) {
    console.error("usage: npm run conformance -- [--store memory:|sqlite:FILE|mysql://...] DIR");
    process.exit(2);
  }
  const store = given === undefined || given === "memory:" ? "sqlite::memory:" : given;
  return { store, directory };
}
