import type { EndState } from "../../common/job.js";
import { JobrunnerError } from "../../common/error.js";
import type { Json } from "../../common/json.js";
import type { FlowDefinition, FlowTypes } from "../define-flow.js";
import { openDatabase, type TestDatabase } from "./job/database.js";
import type { TestOptions } from "./options.js";
import { own } from "./job/owner.js";
import { type FlowResult, type OutputsOf, toResult } from "./result.js";
import { postJob, type TestJob } from "./job/test-job.js";

/** A posted flow of these types, run to its end. */
export type ResultOf<Types extends FlowTypes> = FlowResult<
  Types["params"],
  OutputsOf<Types["outputs"]>
>;

/** More owners than any test needs: something kills them for ever. */
const OWNERS_MAX = 1_000;

/**
 * Runs a flow to its end, in this process and in memory: the real engine, ownerships and journal,
 * and a clock that goes on by itself. Owners die where `options` say so, and another one goes on.
 *
 * Rejects with BAD_PARAMETERS or BAD_FLOW like a posting, and with USAGE for an atom that the flow
 * does not have, for an event that did not come, and when nothing happens any more.
 */
export async function testFlow<Types extends FlowTypes>(
  flow: FlowDefinition<Types>,
  params?: Types["input"],
  options: TestOptions = {},
): Promise<ResultOf<Types>> {
  const database = await openDatabase();
  try {
    const job = await postJob(database, flow, (params ?? {}) as Json, options);
    const result = await finish(job);
    job.script.checkAllHappened();
    return result as ResultOf<Types>;
  } finally {
    await database[Symbol.asyncDispose]();
  }
}

/** The same on a database that several runs share; events that do not come are no error. */
export async function runOnce<Types extends FlowTypes>(
  database: TestDatabase,
  flow: FlowDefinition<Types>,
  params: Types["input"],
  options: TestOptions,
): Promise<ResultOf<Types>> {
  const job = await postJob(database, flow, (params ?? {}) as Json, options);
  return (await finish(job)) as ResultOf<Types>;
}

async function finish(job: TestJob): Promise<FlowResult<unknown, unknown>> {
  const state = await untilEnded(job);
  return toResult(job, state, await job.database.persistence.load(job.id));
}

async function untilEnded(job: TestJob): Promise<EndState> {
  for (let owners = 1; owners <= OWNERS_MAX; owners += 1) {
    const end = await own(job, owners);
    if (end !== "died" && "ended" in end) return end.ended;
  }
  throw new JobrunnerError("USAGE", `${OWNERS_MAX} owners died and the flow has not ended.`);
}
