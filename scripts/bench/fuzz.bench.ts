import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { PlaceName } from "../lab/fleet/places.js";
import { startPlace } from "../lab/fleet/places.js";
import { type Bar, judge } from "./bars.js";
import { startFuzzed } from "./fuzz/fuzzed.js";
import { Fuzzer, LEFT_MS } from "./fuzz/fuzzer.js";
import { type Held, heldBy } from "./fuzz/heap.js";
import { wrongInLog } from "./fuzz/faults.js";
import type { Report } from "./report.js";

/*
 * `npm run bench -- fuzz [--minutes 10] [--seed N] [--board redis|consul|embedded]`: valid, mutated
 * and broken requests, made from the OpenAPI document of a real agent that runs jobs beside another
 * one. No answer may be a 5xx or one that the document does not announce, no agent may die, and
 * what it holds in memory may not grow.
 */

const WORKERS = 16;
const MINUTE_MS = 60_000;
const GROWTH_MAX = 1.2;
/** Sockets to the servers that a quiet agent may have opened since it began. */
const SOCKETS_MAX = 12;

export default async function benchFuzz(report: Report, words: readonly string[]): Promise<void> {
  const text = { type: "string" } as const;
  const options = { minutes: text, seed: text, board: text };
  const { values } = parseArgs({ args: [...words], options });
  const minutes = Number(values.minutes ?? 10);
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-fuzz-"));
  try {
    await using place = await startPlace((values.board ?? "redis") as PlaceName, dir, 2);
    await using fuzzed = await startFuzzed(place, dir);
    report.note(`seed ${String(seed)}, ${String(WORKERS)} requests at a time`);
    const [one] = fuzzed.agents;
    const before = await heldBy(one);
    const fuzzer = await Fuzzer.open(one.url, seed);
    const held: Held[] = [];
    try {
      for (let minute = 1; minute <= minutes; minute += 1) {
        const end = performance.now() + MINUTE_MS;
        await fuzzer.run(WORKERS, () => performance.now() < end && !fuzzed.ended());
        if (fuzzed.ended()) throw new Error(`an agent ended:\n${fuzzed.logEnd()}`);
        const now = await heldBy(one);
        held.push(now);
        report.row({ minute, requests: fuzzer.requests, ...inMiB(now) });
      }
      await new Promise((resolve) => setTimeout(resolve, LEFT_MS));
      fuzzer.checkLeft();
    } finally {
      fuzzer[Symbol.dispose]();
    }
    for (const line of fuzzed.agents.flatMap((agent) => wrongInLog(agent, 0))) {
      fuzzer.faults.add(line, "(see its requestId)");
    }
    for (const { what, request, times } of fuzzer.faults.all) {
      report.note(`fault, ${String(times)} times: ${what}\n    ${request}`);
    }
    if (fuzzer.missing.size > 0) {
      report.note(`never answered well: ${[...fuzzer.missing].join(", ")}`);
    }
    report.row(Object.fromEntries([...fuzzer.statuses].sort(([a], [b]) => a - b)));
    const after = await fuzzed.quiet(one);
    judge(report, barsOf(fuzzer, { before, held, after }));
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Memory {
  readonly before: Held;
  /** After each minute. */
  readonly held: readonly Held[];
  readonly after: Held;
}

function barsOf(fuzzer: Fuzzer, { before, held, after }: Memory): readonly Bar[] {
  const [second, last] = [held[1] ?? held[0], held.at(-1)];
  const sockets = (one: Held): number => one.open["TCPSocketWrap"] ?? 0;
  return [
    { bar: "kinds of faults", measured: fuzzer.faults.all.length, max: 0 },
    { bar: "operations that were never answered well", measured: fuzzer.missing.size, max: 0 },
    {
      bar: "heap of the last minute, times that of the second",
      ...{ measured: (last?.heapUsed ?? 0) / (second?.heapUsed ?? 1), max: GROWTH_MAX },
    },
    {
      bar: "sockets left when all readers are gone",
      ...{ measured: sockets(after) - sockets(before), max: SOCKETS_MAX },
    },
  ];
}

function inMiB({ heapUsed, external, rss }: Held): Readonly<Record<string, number>> {
  const MiB = 1024 ** 2;
  return { heapMiB: heapUsed / MiB, externalMiB: external / MiB, rssMiB: rss / MiB };
}
