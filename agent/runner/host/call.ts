import type { Json } from "../../../common/json.js";
import { JobrunnerError } from "../../../common/error.js";
import type { Outcome, RevertInfo, VoteInfo } from "../../../engine/bodies.js";
import type { Context, Undo } from "../../../sdk/context.js";
import type { BodyTable } from "../../../sdk/node.js";
import type { BodyCall } from "../messages.js";
import { storable } from "../storable.js";

/** Calls the author's code that a message asks for; its result is JSON that can be stored. */
export async function callBody(table: BodyTable, asked: BodyCall, ctx: Context): Promise<unknown> {
  const { body, call } = asked;
  if (body === "onFailure") {
    const decision = await retryBody(table, call.atom).onFailure(call.history, call.args);
    if (decision === "RETRY" || decision === "REVERT" || decision === "REVERT_ALL") return decision;
    const message = `onFailure of "${call.atom}" answered ${String(decision)}: wants RETRY, REVERT or REVERT_ALL.`;
    throw new JobrunnerError("BAD_FLOW", message);
  }
  return storable(`The result of "${call.atom}"`, await started(table, asked, ctx));
}

async function started(
  table: BodyTable,
  asked: Exclude<BodyCall, { body: "onFailure" }>,
  ctx: Context,
): Promise<unknown> {
  const { body, call } = asked;
  switch (body) {
    case "execute":
      return taskBody(table, call.atom).execute(call.args, ctx);
    case "revert":
      return taskBody(table, call.atom).revert?.(call.args, toUndo(call), ctx);
    case "retryExecute": {
      const retry = retryBody(table, call.atom);
      if (retry.execute === undefined) return call.history.length + 1;
      return retry.execute(call.history, call.args, ctx);
    }
    case "retryRevert":
      return retryBody(table, call.atom).revert?.(call.history, call.args, ctx);
  }
}

/** Asks a decider; anything but true and false is the author's mistake. */
export async function callDecider(
  table: BodyTable,
  { decider: name, results }: VoteInfo,
): Promise<boolean> {
  const decider = table.deciders.get(name);
  if (decider === undefined) throw missing("decider", name);
  const answer: unknown = await decider(results);
  if (typeof answer === "boolean") return answer;
  throw new JobrunnerError("BAD_FLOW", `The decider of ${name} answered neither true nor false.`);
}

function toUndo(call: RevertInfo): Undo<Json> {
  const outcome: Outcome | undefined = call.outcome;
  return {
    result: outcome?.ok === true ? outcome.value : undefined,
    failure: outcome?.ok === false ? outcome.failure : undefined,
    flowFailures: call.flowFailures,
  };
}

function taskBody(table: BodyTable, atom: string) {
  const body = table.tasks.get(atom);
  if (body === undefined) throw missing("task", atom);
  return body;
}

function retryBody(table: BodyTable, atom: string) {
  const body = table.retries.get(atom);
  if (body === undefined) throw missing("retry", atom);
  return body;
}

function missing(what: string, name: string): JobrunnerError {
  return new JobrunnerError("BAD_FLOW", `The flow has no ${what} "${name}".`);
}
