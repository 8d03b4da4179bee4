import type { Failure } from "../../common/failure.js";
import { type EndState, formatClause } from "../../common/job.js";
import type { Json, Store } from "../../common/json.js";
import type { AtomState, Entry } from "../../engine/journal.js";
import { historiesOf, resultsOf } from "../../engine/view.js";
import { follow, type Ref, targetOf, type ValueOf } from "../ref.js";
import type { TestCall, TestProgress } from "./job/record.js";
import type { TestJob } from "./job/test-job.js";

/** What a flow gives whose `build` returned this: the values behind its references, or all. */
export type OutputsOf<Built> = unknown extends Built
  ? Store
  : [Built] extends [Ref<unknown>]
    ? ValueOf<Built>
    : [Built] extends [Readonly<Record<string, Ref<unknown>>>]
      ? { readonly [K in keyof Built]: ValueOf<Built[K]> }
      : Store;

/** How a flow under test ended, and what happened on the way. */
export interface FlowResult<Params = unknown, Outputs = Store> {
  readonly state: EndState;
  /** The parameters with their defaults. */
  readonly params: Params;
  /**
   * The values behind the references that `build` returned (one, or an object of them); without
   * any, all results by symbol. Undefined unless the flow ended in SUCCESS.
   */
  readonly outputs: Outputs | undefined;
  /** Which bodies ran, in the order of their starts: `copy execute SUCCESS`, ... */
  readonly history: readonly string[];
  /** The same with everything that is known of each call. */
  readonly calls: readonly TestCall[];
  readonly journal: readonly Entry[];
  /** The last state of each atom that came to one. */
  readonly states: Readonly<Record<string, AtomState>>;
  /** The result of each atom whose execute holds. */
  readonly results: Readonly<Record<string, Json>>;
  /** The text of the last failure of each atom that failed; of its revert, when that failed. */
  readonly errors: Readonly<Record<string, string>>;
  /** The same as failures, with name, code, data and cause. */
  readonly failures: Readonly<Record<string, Failure>>;
  /** Lines of `ctx.log`, as `<atom>: <line>`. */
  readonly logs: readonly string[];
  readonly progress: readonly TestProgress[];
  /** Values of `ctx.saved` by atom, in order. */
  readonly saved: Readonly<Record<string, readonly Json[]>>;
  /** Capabilities the machine must have, such as `port_is_free(8080)`. */
  readonly needs: readonly string[];
  /** How many owners the job had. */
  readonly owners: number;
  /** Where owners were killed. */
  readonly kills: readonly string[];
  /** Time from the posting to the end on the flow's clock, ms. */
  readonly tookMs: number;
}

export function toResult(
  job: TestJob,
  state: EndState,
  journal: readonly Entry[],
): FlowResult<unknown, unknown> {
  const { record, prepared, database, startedAt } = job;
  const histories = historiesOf(journal);
  const owners = new Set(journal.map(({ token }) => token));
  const failures = failuresOf(journal);
  const results: Record<string, Json> = {};
  for (const [atom, { result }] of histories) if (result !== undefined) results[atom] = result;
  return {
    state,
    params: prepared.params,
    outputs: state === "SUCCESS" ? outputsOf(job, journal) : undefined,
    history: record.calls.map(({ atom, body, outcome }) => `${atom} ${body} ${outcome}`),
    calls: record.calls,
    journal,
    states: Object.fromEntries([...histories].map(([atom, history]) => [atom, history.state])),
    results,
    errors: Object.fromEntries(
      Object.entries(failures).map(([atom, failure]) => [atom, failure.message]),
    ),
    failures,
    logs: record.logs,
    progress: record.progress,
    saved: savedOf(journal),
    needs: prepared.clauses.map(formatClause),
    owners: owners.size,
    kills: record.kills,
    tookMs: database.clock.now() - startedAt,
  };
}

function failuresOf(journal: readonly Entry[]): Readonly<Record<string, Failure>> {
  const failures: Record<string, Failure> = {};
  for (const change of journal.flatMap((entry) => entry.changes)) {
    if (change.change === "atom" && change.failure !== undefined) {
      failures[change.atom] = change.failure;
    }
  }
  return failures;
}

function savedOf(journal: readonly Entry[]): Readonly<Record<string, readonly Json[]>> {
  const saved: Record<string, Json[]> = {};
  for (const change of journal.flatMap((entry) => entry.changes)) {
    if (change.change === "saved") (saved[change.atom] ??= []).push(change.value);
  }
  return saved;
}

function outputsOf({ flow, prepared }: TestJob, journal: readonly Entry[]): unknown {
  const { spec, params } = prepared;
  const results = resultsOf(spec, params, journal);
  const { built } = flow.assemble(params);
  const values = { ...params, ...results };
  const one = valueBehind(built, values);
  if (one !== undefined) return one.value;
  if (typeof built !== "object" || built === null) return results;
  const members = Object.entries(built).map(([name, ref]) => [name, valueBehind(ref, values)]);
  if (members.length === 0 || members.some(([, found]) => found === undefined)) return results;
  return Object.fromEntries(
    Object.entries(built).map(([name, ref]) => [name, valueBehind(ref, values)?.value]),
  );
}

function valueBehind(ref: unknown, values: Store): { readonly value: unknown } | undefined {
  const target = targetOf(ref);
  return target && { value: follow(values[target.symbol], target.path) };
}
