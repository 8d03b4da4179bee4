import { v7 as uuidv7 } from "uuid";
import { parseClause } from "../../capabilities/parse.js";
import { hasCode, JobrunnerError } from "../../common/error.js";
import {
  type Clause,
  formatClause,
  isStartable,
  PARAMS_BYTES_MAX,
  PROTOCOL,
  PROTOCOL_PLAIN,
  toSignature,
} from "../../common/job.js";
import type { Store } from "../../common/json.js";
import { maskedParams, redacted, redactorOf } from "../../common/text/secret.js";
import type { CheckView, JobView, PostRequest, RemovedJobView } from "../../common/wire.js";
import { compile, validate } from "../../engine/plan.js";
import type { Controls, JobRow, NewJob, Posted } from "../../persistence/persistence.js";
import { tellPosted } from "../events/telling/posted.js";
import { flowHash, hashJson } from "../flow-hash.js";
import type { Prepared } from "../runner/runner.js";
import { isHeldBack } from "../owner/beginning/held-back.js";
import { controlsOf } from "./controls/controls.js";
import { KeyHeld } from "./controls/key-held.js";
import { unknownFlow } from "./flows.js";
import { type JobsOptions, type TellingOptions, toInstant, toLength } from "./options.js";
import { toTree } from "./tree.js";
import { toJobView } from "./views.js";

export interface PostAnswer {
  /** False when the key had been used for the same request before: `view` is of that job. */
  readonly created: boolean;
  readonly view: JobView | RemovedJobView;
}

/** What comes with a posting and is no part of it. */
export interface PostHeaders {
  readonly key?: string | undefined;
  /** W3C: the poster's place in its trace. */
  readonly traceparent?: string | undefined;
  /** P-44: from when a duration of `startBy` counts; without it from when the job is due itself. */
  readonly dueAt?: number | undefined;
}

export async function postJob(
  options: JobsOptions,
  request: PostRequest,
  { key, traceparent, dueAt }: PostHeaders,
): Promise<PostAnswer> {
  const keyed = {
    ...(key === undefined ? {} : { key: { key, bodyHash: hashOf(request) } }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  return answerPosted(options, await postOnce(options, request, { keyed, dueAt }));
}

/** What became of a posting; the board is told whoever posted it. */
export async function answerPosted(options: JobsOptions, answer: Posted): Promise<PostAnswer> {
  const { posted, id } = answer;
  if (posted === "conflict") throw new KeyInUse(id);
  const row = await options.persistence.job(id);
  if (row === undefined) return { created: false, view: { id, removed: "removed by retention" } };
  if (posted === "created") await tellPosted(options, row);
  // P-2: who posts the second time puts too, the first one may have died before it did.
  if (isStartable(row.state)) await putOnBoard(options, row);
  const view = toJobView(row, await options.persistence.now());
  return { created: posted === "created", view };
}

interface Beside extends Pick<PostHeaders, "dueAt"> {
  readonly keyed: Pick<NewJob, "key" | "traceparent">;
}

/** The key first: what was posted stays posted, also when its flow is gone by now (P-1). */
async function postOnce(
  options: JobsOptions,
  request: PostRequest,
  { keyed, dueAt }: Beside,
): Promise<Posted> {
  const { persistence, identity } = options;
  const before = keyed.key && (await persistence.postedBefore(keyed.key));
  if (before !== undefined) return before;
  const prepared = await prepareFlow(options, request);
  const required = await requiredBy(options, request);
  const { name, priority } = request;
  const runAt = await dueAtOf(options, request);
  const controls = await controlsOf(request, {
    ...{ persistence, runAt, dueAt },
    declared: prepared.concurrency,
  });
  const given = { name, priority, ...(runAt !== undefined && { runAt }), required, controls };
  const job = { ...toNewJob(identity.agent, prepared, given), ...keyed };
  return unlessHeld(job, await persistence.post(job));
}

/** P-43. Throws KEY_HELD. */
export function unlessHeld({ uniqueKey = "" }: Controls, posted: Posted): Posted {
  if (posted.posted === "held") throw new KeyHeld(uniqueKey, posted);
  return posted;
}

/** P-36: a delay counts from now as the database has it, whatever the poster's clock says. */
async function dueAtOf(
  { persistence }: JobsOptions,
  { runAt, delay }: PostRequest,
): Promise<number | undefined> {
  if (runAt !== undefined && delay !== undefined) throw twoTimes();
  if (runAt !== undefined) return toInstant(runAt, "/runAt");
  return delay === undefined ? undefined : (await persistence.now()) + toLength(delay, "/delay");
}

export async function checkPosting(options: JobsOptions, request: PostRequest): Promise<CheckView> {
  const prepared = await prepareFlow(options, request);
  const clauses = [...prepared.clauses, ...(await requiredBy(options, request))];
  const runAt = await dueAtOf(options, request);
  await controlsOf(request, { ...options, runAt, declared: prepared.concurrency });
  const { secrets } = prepared.spec;
  return {
    flow: request.flow,
    version: prepared.version,
    params: maskedParams(prepared.params, secrets),
    needs: clauses.map(formatClause),
    tree: redacted(toTree(prepared.spec), redactorOf(prepared.params, secrets)),
    ...(secrets !== undefined && { secrets }),
  };
}

export interface PreparedFlow extends Prepared {
  readonly flow: string;
}

/** What its flow makes of a posting. */
export async function prepareFlow(
  options: JobsOptions,
  { flow, params = {} }: Pick<PostRequest, "flow" | "params">,
): Promise<PreparedFlow> {
  const bytes = Buffer.byteLength(JSON.stringify(params));
  if (bytes > PARAMS_BYTES_MAX) throw tooLarge(bytes);
  const prepared = await ask(options, flow, params);
  // Here, and not at the first owner: what can never run is refused before it is stored.
  validate(compile(prepared.spec), Object.keys(prepared.params));
  return { ...prepared, flow };
}

async function ask({ runners }: JobsOptions, flow: string, params: Store): Promise<Prepared> {
  const prepare = (): Promise<Prepared> => runners.prepare(flow, params);
  try {
    // A runner may die of another job's code; the question is harmless, so it is asked once more.
    return await prepare().catch((error: unknown) => {
      if (hasCode(error, "RUNNER_DIED")) return prepare();
      throw error;
    });
  } catch (error) {
    throw hasCode(error, "UNKNOWN_FLOW") ? await unknownFlow(runners, flow) : error;
  }
}

/** What a poster says beside flow and parameters. */
export interface Given {
  readonly name?: string | undefined;
  readonly priority?: number | undefined;
  /** Milliseconds since 1970. */
  readonly runAt?: number;
  readonly required: readonly Clause[];
  readonly controls: Controls;
}

export function toNewJob(agent: string, prepared: PreparedFlow, given: Given): NewJob {
  const { flow, version, spec, params } = prepared;
  const { name = flow, priority = 0, runAt, required, controls } = given;
  const protocol = isHeldBack(controls) ? PROTOCOL : PROTOCOL_PLAIN;
  const clauses = [...prepared.clauses, ...required]; // Those of the flow first.
  return {
    id: uuidv7(),
    needs: { protocol, flow, version, clauses },
    spec,
    flowHash: flowHash(spec),
    ...{ name, params, priority, required },
    postedVia: agent,
    ...(runAt === undefined ? {} : { runAt }),
    ...controls,
  };
}

/** Throws BAD_PARAMETERS for what cannot be asked for. */
async function requiredBy(
  { capabilities }: JobsOptions,
  { require = [] }: PostRequest,
): Promise<readonly Clause[]> {
  const required: Clause[] = [];
  for (const text of require) required.push(await parseClause(text, capabilities));
  return required;
}

/** Leaving out a field and giving its default are the same request. */
function hashOf(request: PostRequest): string {
  const { flow, params = {}, name = flow, priority = 0, require = [], ...others } = request;
  return hashJson({ flow, params, name, priority, require, ...others });
}

/**
 * P-2: does nothing when the board knows the job. Never throws: the job is durable, and the sweep
 * puts it. One that had an owner is put with the delay of a lease, as the sweep does (P-31).
 */
export async function putOnBoard(options: TellingOptions, job: JobRow): Promise<void> {
  const { board, persistence, log, onPutFailed } = options;
  try {
    const dueInMs = job.runAt === undefined ? 0 : job.runAt - (await persistence.now());
    const { id, priority } = job;
    const ownedMs = job.state === "WAITING" ? 0 : board.traits.leaseMs;
    const delayMs = Math.max(0, dueInMs, ownedMs);
    await board.put([{ id, signature: toSignature(job.needs), priority, delayMs }]);
  } catch (error) {
    log.warn({ jobId: job.id, err: error }, "a job did not reach the board; the sweep puts it");
    onPutFailed();
  }
}

function tooLarge(bytes: number): JobrunnerError {
  const detail = `the parameters are ${bytes} bytes; at most ${PARAMS_BYTES_MAX} are taken`;
  return new JobrunnerError("TOO_LARGE", detail, {
    hint: "Store large data elsewhere and pass its place.",
  });
}

function twoTimes(): JobrunnerError {
  return new JobrunnerError("USAGE", "runAt and delay are two times for one job", {
    hint: "Give one of them.",
    cause: [{ pointer: "/delay", detail: "is given beside /runAt" }],
  });
}

/** Of its own kind: a retry meets other conflicts as well, which are the job's. */
export class KeyInUse extends JobrunnerError {
  constructor(id: string) {
    super("CONFLICT", "this idempotency key belongs to another request", {
      hint: `It posted job ${id}; use a new key for a new job.`,
    });
  }
}
