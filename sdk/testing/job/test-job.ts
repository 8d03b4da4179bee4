import { flowHash } from "../../../agent/flow-hash.js";
import { PROTOCOL_PLAIN } from "../../../common/job.js";
import type { Json } from "../../../common/json.js";
import { compile, type Plan, validate } from "../../../engine/plan.js";
import type { FlowDefinition, PreparedFlow } from "../../define-flow.js";
import { Activity } from "../time/activity.js";
import type { TestDatabase } from "./database.js";
import type { TestOptions } from "../options.js";
import { TestRecord } from "./record.js";
import { Script } from "./script.js";

/** A posted job whose flow is under test: what outlives its owners. */
export interface TestJob {
  readonly id: string;
  readonly flow: FlowDefinition;
  readonly prepared: PreparedFlow;
  readonly plan: Plan;
  readonly options: TestOptions;
  readonly database: TestDatabase;
  readonly script: Script;
  readonly record: TestRecord;
  readonly activity: Activity;
  readonly startedAt: number;
  /** Entries of the journal so far. */
  entries: number;
}

const START = Date.UTC(2026, 0, 1);

/** Checks and posts the flow as an agent does (P-1). Throws BAD_PARAMETERS, BAD_FLOW or USAGE. */
export async function postJob(
  database: TestDatabase,
  flow: FlowDefinition,
  params: Json,
  options: TestOptions,
): Promise<TestJob> {
  const prepared = flow.prepare(params);
  const { version, clauses, spec } = prepared;
  const plan = compile(spec);
  validate(plan, Object.keys(prepared.params));
  const script = new Script(options, plan, flow.assemble(prepared.params));
  const activity = new Activity();
  const startedAt = options.startAt?.getTime() ?? START;
  database.clock.set(startedAt);
  const id = database.nextId();
  await database.persistence.post({
    id,
    needs: { protocol: PROTOCOL_PLAIN, flow: flow.name, version, clauses },
    spec,
    flowHash: flowHash(spec),
    name: flow.name,
    params: prepared.params,
    priority: 0,
    postedVia: "test",
    ...(options.runAt !== undefined && { runAt: options.runAt.getTime() }),
  });
  return {
    ...{ id, flow, prepared, plan, options, database, script, activity, startedAt },
    record: new TestRecord(),
    entries: 0,
  };
}
