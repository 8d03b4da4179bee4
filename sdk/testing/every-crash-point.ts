import { JobrunnerError } from "../../common/error.js";
import type { Entry } from "../../engine/journal.js";
import type { FlowDefinition, FlowTypes } from "../define-flow.js";
import { openDatabase } from "./job/database.js";
import { describeMoment } from "./job/describe.js";
import type { KillAt, TestOptions } from "./options.js";
import { type ResultOf, runOnce } from "./test-flow.js";

/** Entries of a journal whose every crash point is tried; two runs each. */
const ENTRIES_MAX = 1_000;

/**
 * Runs the flow once without a crash, then once for each place in its journal with the owner killed
 * there, and another one finishing. `check` gets each result and where the owner died, in words;
 * what it throws is thrown on with these words before it. Returns how many crash points there were.
 */
export async function everyCrashPoint<Types extends FlowTypes>(
  flow: FlowDefinition<Types>,
  params: Types["input"],
  options: TestOptions,
  check: (result: ResultOf<Types>, crashPoint: string) => unknown,
): Promise<number> {
  const database = await openDatabase();
  const run = (killOwnerAt?: KillAt): Promise<ResultOf<Types>> =>
    runOnce(database, flow, params, { ...options, ...(killOwnerAt && { killOwnerAt }) });
  try {
    const { journal } = await named("without a crash", async (point) => {
      const result = await run();
      await check(result, point);
      return result;
    });
    let points = 0;
    for (let entry = 1; entry <= ENTRIES_MAX; entry += 1) {
      let reached = false;
      for (const when of momentsAt(entry, journal)) {
        if (!(await crash({ entry, when }, run, check))) continue;
        reached = true;
        points += 1;
      }
      if (!reached) return points;
    }
    throw new JobrunnerError("USAGE", `The journal has more than ${ENTRIES_MAX} entries.`);
  } finally {
    await database[Symbol.asyncDispose]();
  }
}

/** After an entry that starts nothing the next moment is the same as before the next entry. */
function momentsAt(entry: number, journal: readonly Entry[]): readonly KillAt["when"][] {
  const written = journal[entry - 1];
  return written === undefined || starts(written) ? ["before", "after"] : ["before"];
}

function starts({ changes }: Entry): boolean {
  return changes.some(
    (change) =>
      change.change === "again" ||
      change.change === "saved" ||
      (change.change === "atom" && (change.to === "RUNNING" || change.to === "REVERTING")),
  );
}

/** Whether the owner was killed there; false when the flow ended before it came to that. */
async function crash<Types extends FlowTypes>(
  at: KillAt,
  run: (at: KillAt) => Promise<ResultOf<Types>>,
  check: (result: ResultOf<Types>, crashPoint: string) => unknown,
): Promise<boolean> {
  const moment = describeMoment(at);
  const result = await named(`owner killed ${moment}`, () => run(at));
  const killed = result.kills.some((kill) => kill.startsWith(moment));
  if (killed) await named(`owner killed ${result.kills.join(", then ")}`, (p) => check(result, p));
  return killed;
}

async function named<T>(point: string, work: (point: string) => T | Promise<T>): Promise<T> {
  try {
    return await work(point);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${point}: ${message}`, { cause: error });
  }
}
