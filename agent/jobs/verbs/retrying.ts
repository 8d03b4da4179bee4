import { JobrunnerError } from "../../../common/error.js";
import { isEnded } from "../../../common/job.js";
import type { Store } from "../../../common/json.js";
import { nearest } from "../../../common/text/nearest.js";
import { redactorOf } from "../../../common/text/secret.js";
import type { RetryRequest } from "../../../common/wire/verbs.js";
import { keep, type Keeping } from "../../../engine/keeping/kept.js";
import { differences } from "../../../engine/migration/differences.js";
import { compile } from "../../../engine/plan.js";
import type { JobRow, Kept, NewJob, Posted } from "../../../persistence/persistence.js";
import { flowHash, hashJson } from "../../flow-hash.js";
import { nextOwner } from "../../owner/owner-name.js";
import { inherited } from "../controls/controls.js";
import type { JobsOptions } from "../options.js";
import {
  answerPosted,
  type PostAnswer,
  type PostHeaders,
  prepareFlow,
  type PreparedFlow,
  toNewJob,
  unlessHeld,
} from "../posting.js";
import { noSuchJob, resolveId } from "../resolve.js";

/**
 * P-38: another job like one that is over, with the flow as it is now; P-39: from an atom on, with
 * what was done before it. The same key and request again give the same job. Throws CONFLICT for a
 * job that is not over and for results that cannot be kept, FLOW_CHANGED, KEY_HELD when another job
 * has its unique key by now, and what posting throws.
 */
export async function retryJob(
  options: JobsOptions,
  part: string,
  { request, key, traceparent }: { readonly request: RetryRequest } & PostHeaders,
): Promise<PostAnswer> {
  const id = await resolveId(options.persistence, part);
  const keyed = {
    ...(key === undefined ? {} : { key: { key, bodyHash: hashOf(id, request) } }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  const posted = await postOnce(options, { id, request, keyed });
  if (posted.posted === "spent") throw spent(id, posted.id);
  return answerPosted(options, posted);
}

interface Retrying {
  readonly id: string;
  readonly request: RetryRequest;
  readonly keyed: Pick<NewJob, "key" | "traceparent">;
}

async function postOnce(options: JobsOptions, { id, request, keyed }: Retrying): Promise<Posted> {
  const { persistence, identity } = options;
  const before = keyed.key && (await persistence.postedBefore(keyed.key));
  if (before !== undefined) return before;
  const row = await persistence.job(id);
  if (row === undefined) throw noSuchJob(id);
  if (!isEnded(row.state)) throw notOver(row);
  const { name, priority } = row;
  const params = { ...row.params, ...request.params };
  const prepared = await prepareFlow(options, { flow: row.needs.flow, params });
  const required = await persistence.required(id);
  const kept = await keptOf(options, row, { prepared, from: request.from });
  const given = { name, priority, required, controls: inherited(row, prepared.concurrency) };
  const job: NewJob = {
    ...toNewJob(identity.agent, prepared, given),
    ...keyed,
    retry: { of: id, ...(kept !== undefined && { kept }) },
  };
  return unlessHeld(job, await persistence.post(job));
}

function hashOf(id: string, { from, params = {} }: RetryRequest): string {
  return hashJson({ retry: id, from, params });
}

interface Wanted {
  readonly prepared: PreparedFlow;
  readonly from: string | undefined;
}

/** Nothing to keep is a job like any other. */
async function keptOf(
  { persistence, identity }: JobsOptions,
  row: JobRow,
  { prepared, from }: Wanted,
): Promise<Kept | undefined> {
  if (from === undefined) return undefined;
  if (flowHash(prepared.spec) !== row.flowHash) throw otherFlow(row, prepared);
  const plan = compile(row.spec);
  const atom = plan.atoms.get(from);
  if (atom === undefined) throw noSuchAtom(row, from, [...plan.atoms.keys()]);
  const entries = await persistence.load(row.id);
  const changed = changedIn(row.params, prepared.params);
  const keeping = keep({ plan, entries, from: atom, changed });
  if (!keeping.keeps) throw refused(from, keeping);
  const { agent, machine, incarnation } = identity;
  const by = { owner: nextOwner(incarnation), agent, machine };
  return keeping.changes.length === 0 ? undefined : { changes: keeping.changes, by };
}

function changedIn(before: Store, after: Store): ReadonlySet<string> {
  const names = [...Object.keys(before), ...Object.keys(after)];
  return new Set(names.filter((name) => hashJson(before[name]) !== hashJson(after[name])));
}

function notOver({ id, state }: JobRow): JobrunnerError {
  const hint =
    state === "SUSPENDED"
      ? "Let it go on with jobrunner resume, or end it with jobrunner cancel."
      : "Wait for its end, or end it with jobrunner cancel.";
  return new JobrunnerError("CONFLICT", `job ${id} is ${state}: it cannot be retried`, { hint });
}

function spent(id: string, by: string): JobrunnerError {
  return new JobrunnerError("CONFLICT", `job ${by} goes on with the results of job ${id}`, {
    hint: `They are kept by one job alone, which may have reverted them: retry ${by}, or without --from.`,
  });
}

function otherFlow(row: JobRow, prepared: PreparedFlow): JobrunnerError {
  const { flow } = row.needs;
  const [found = "it differs"] = differences(row.spec, prepared.spec);
  const difference = redactorOf(row.params, row.spec.secrets)?.(found) ?? found;
  return new JobrunnerError(
    "FLOW_CHANGED",
    `flow ${flow} is not built as it was in job ${row.id}, whose results do not fit: ${difference}`,
    { hint: "Retry the whole job, without --from." },
  );
}

function noSuchAtom(row: JobRow, from: string, names: readonly string[]): JobrunnerError {
  const meant = nearest(from, names);
  return new JobrunnerError("USAGE", `flow ${row.needs.flow} has no atom "${from}"`, {
    hint: meant === undefined ? `It has ${names.join(", ")}.` : `Did you mean ${meant}?`,
    cause: [{ pointer: "/from", detail: "is no atom of the flow" }],
  });
}

function refused(from: string, keeping: Keeping & { readonly keeps: false }): JobrunnerError {
  const { atom } = keeping;
  switch (keeping.why) {
    case "missing":
      return new JobrunnerError(
        "CONFLICT",
        `"${from}" needs "${atom}", which ${became(keeping.is)}`,
        { hint: `Retry from ${atom} instead, or the whole job.` },
      );
    case "stale":
      return new JobrunnerError(
        "CONFLICT",
        `"${atom}" ran with another value of "${keeping.symbol}", so that it cannot be kept`,
        { hint: `Retry from ${atom} instead, or the whole job.` },
      );
    case "skipped":
      return new JobrunnerError("CONFLICT", `"${atom}" was skipped: it is no place to go on at`, {
        hint: "Retry from what was asked about before it, or the whole job.",
      });
  }
}

function became(state: string): string {
  return state === "PENDING" ? "never ran" : `is ${state}`;
}
