import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
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
  const { left, differs } = await judge(join(directory, file));
  const name = basename(file, ".json");
  if (left !== undefined) {
    skipped += 1;
    console.log(`skipped ${name}: ${left}`);
  } else if (differs.length === 0) passed += 1;
  else {
    failed += 1;
    console.log(`FAIL ${name} ${differs.slice(0, 6).join(" ")}`);
  }
}
console.log(`${skipped} skipped on purpose, see docs/taskflow-differences.md`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

interface Judgement {
  /** Why the vector does not count. */
  readonly left?: string;
  readonly differs: readonly string[];
}

/** A file that is no vector fails by itself: the others are replayed all the same. */
async function judge(file: string): Promise<Judgement> {
  try {
    const vector = JSON.parse(readFileSync(file, "utf8")) as Vector;
    const left = skipReason(vector);
    if (left !== undefined) return { left, differs: [] };
    await using persistence = await openPersistence(store);
    return { differs: differences(vector, await within(VECTOR_MS, replay(vector, persistence))) };
  } catch (error) {
    return {
      differs: [error instanceof Error ? `${error.name}: ${error.message}` : String(error)],
    };
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
  const split = words.flatMap((word) =>
    word.startsWith("--store=") ? ["--store", word.slice("--store=".length)] : [word],
  );
  const at = split.indexOf("--store");
  const given = at < 0 ? "memory:" : split[at + 1];
  const rest = at < 0 ? split : split.toSpliced(at, 2);
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
