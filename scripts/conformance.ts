import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openPersistence } from "../persistence/open.js";
import { differences } from "../test/conformance/compare.js";
import { replay } from "../test/conformance/replay.js";
import { skipReason } from "../test/conformance/skips.js";
import type { Vector } from "../test/conformance/vector.js";

/*
 * `npm run conformance -- [--store memory:|sqlite:FILE|mysql://...] DIR`: replays every vector in
 * DIR against the engine and real persistence. Prints a line for each that differs or is skipped,
 * at the end `N passed, N failed`. Exits 1 if any failed, 2 if the command is wrong.
 */

/** A vector that takes longer is stuck, ms. */
const VECTOR_MS = 10_000;

const { store, directory } = readArguments(process.argv.slice(2));
let passed = 0;
let failed = 0;
let skipped = 0;
for (const file of vectorsIn(directory)) {
  const vector = JSON.parse(readFileSync(join(directory, file), "utf8")) as Vector;
  const reason = skipReason(vector);
  if (reason !== undefined) {
    skipped += 1;
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
console.log(`${skipped} skipped on purpose, see docs/taskflow-differences.md`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function differencesOf(vector: Vector): Promise<readonly string[]> {
  try {
    await using persistence = await openPersistence(store);
    return differences(vector, await within(VECTOR_MS, replay(vector, persistence)));
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
  const [given, rest] = flag === "--store" ? [value, words.slice(2)] : ["memory:", words];
  const [directory, ...more] = rest;
  if (given === undefined || directory === undefined || more.length > 0) wrong("");
  if (given !== "memory:" && !/^(sqlite|mysql|mariadb):./.test(given)) {
    wrong(`error: --store ${given} is neither memory:, sqlite:FILE nor mysql://...`);
  }
  return { store: given === "memory:" ? "sqlite::memory:" : given, directory };
}

function vectorsIn(directory: string): readonly string[] {
  try {
    const files = readdirSync(directory).filter((name) => name.endsWith(".json"));
    return files.length > 0 ? files : wrong(`error: there is no vector in ${directory}`);
  } catch (error) {
    return wrong(`error: ${directory} cannot be read: ${String(error)}`);
  }
}

function wrong(what: string): never {
  if (what !== "") console.error(what);
  console.error("usage: npm run conformance -- [--store memory:|sqlite:FILE|mysql://...] DIR");
  process.exit(2);
}
