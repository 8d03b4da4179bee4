import { z } from "zod";
import { JobrunnerError } from "../common/error.js";
import type { Clause } from "../common/job.js";
import type { Json, Store } from "../common/json.js";
import { CONCURRENCY_MAX, type ConcurrencyView, CONTROL_KEY } from "../common/wire/flow-control.js";
import type { FlowSpec } from "../engine/flow.js";
import { type Assembled, assemble, type FlowNode } from "./node.js";
import { type Parameters, toParameters } from "./parameters.js";
import { makeRef, type Ref } from "./ref.js";
import { type Duration, type Retry, toMs } from "./retry.js";
import { type GraphScope, named, openScope } from "./scope.js";

/** References to a flow's parameters. */
export type ParamRefs<P> = { readonly [K in keyof P]-?: Ref<P[K]> };

/** How a job of an older version goes on in this one: only when nothing that has begun differs. */
export interface Migration {
  /** Atoms that have another name now: old name -> new name. The others keep theirs. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** The parameters for this version, from the stored ones of the older; default the same. */
  readonly params?: (old: Store) => Json;
}

/** A job of an older version, as this one takes it over. */
export interface MigratedJob {
  readonly params: Store;
  readonly renamed: Readonly<Record<string, string>>;
}

interface Heading<Schema extends z.ZodObject> {
  /** What is posted: `jobrunner post NAME`. */
  readonly name: string;
  /** Raise it when the graph changes while jobs may be under way; default 1. */
  readonly version?: number;
  /** One line for lists and help. */
  readonly summary?: string;
  /** One schema gives flags, help, HTTP validation and types. */
  readonly params?: Schema;
  /** Older versions whose jobs go on in this one, by number; jobs of others wait for them. */
  readonly migrations?: Readonly<Record<number, Migration>>;
  /** What the machine must offer, asked before a job is taken, in this order. */
  readonly capabilities?: (params: z.output<Schema>) => readonly Clause[];
  /** Tasks that may run at the same time; default no limit. */
  readonly concurrency?: number;
  /** Jobs of the same key that are in progress at the same time, on all machines together. */
  readonly clusterConcurrency?: (params: z.output<Schema>) => ConcurrencyView;
  /**
   * How long a job may take from its first start, over all machines; time during which it is
   * suspended does not count. Then what runs is aborted and all is reverted, without another try.
   */
  readonly timeLimit?: Duration;
}

export interface BuiltFlow<Schema extends z.ZodObject, Built = unknown> extends Heading<Schema> {
  /** How the parts of the flow itself are ordered; default linear. */
  readonly pattern?: "linear" | "unordered" | "graph";
  readonly retry?: Retry<unknown>;
  /**
   * Describes the flow; runs at posting and at each start, on any machine, so it must depend on
   * nothing but its arguments. `p` are references for tasks, `given` the values themselves, for
   * flows whose shape depends on them. References that it returns (one, or an object of them) are
   * what a test of the flow gets as its outputs.
   */
  build(f: GraphScope, p: ParamRefs<z.output<Schema>>, given: z.output<Schema>): Built;
}

export interface PlainFlowDefinition<Schema extends z.ZodObject> extends Heading<Schema> {
  /** The flow in TaskFlow's words: `linear(name, [task(...)])`. */
  readonly flow: FlowNode | ((given: z.output<Schema>) => FlowNode);
  /**
   * True: a nested flow that gives up hands the failure outwards, and what ran before it is
   * reverted as well. False (default, as in TaskFlow): what ran before it stays.
   */
  readonly deferReverts?: boolean;
  /** True: a failure stops the flow as it is; nothing is retried or reverted. */
  readonly neverResolve?: boolean;
}

/** A posting after its flow has looked at it. */
export interface PreparedFlow {
  readonly version: number;
  readonly params: Store;
  readonly clauses: readonly Clause[];
  readonly spec: FlowSpec;
  readonly concurrency?: ConcurrencyView;
}

const MARK: unique symbol = Symbol.for("jobrunner.flow") as never;

/** What the compiler knows of a flow: what posters write, what tasks get, what build returned. */
export interface FlowTypes {
  readonly input: unknown;
  readonly params: unknown;
  readonly outputs: unknown;
}

declare const TYPES: unique symbol;

/** A flow that can be posted; the default export of a plugin. */
export interface FlowDefinition<Types extends FlowTypes = FlowTypes> {
  readonly [MARK]: true;
  readonly [TYPES]?: Types;
  readonly name: string;
  readonly version: number;
  readonly summary: string;
  /** JSON Schema of the parameters as posters write them. */
  readonly schema: Readonly<Record<string, Json>>;
  /** Validates and builds; throws BAD_PARAMETERS or BAD_FLOW. */
  prepare(params: Json): PreparedFlow;
  /** Data and code of the flow for parameters that `prepare` has seen; throws BAD_FLOW. */
  assemble(params: Store): Assembled;
  /** Older versions whose jobs this one takes over. */
  readonly migrates: readonly number[];
  /**
   * The parameters of a job of such a version; throws BAD_PARAMETERS when they do not fit, and
   * OTHER_VERSION for a version that is not taken over.
   */
  migrate(version: number, params: Store): MigratedJob;
}

/** Defines a flow. Throws BAD_FLOW when something could not work for any posting. */
export function defineFlow<
  Schema extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Built = unknown,
>(
  options: BuiltFlow<Schema, Built> | PlainFlowDefinition<Schema>,
): FlowDefinition<{ input: z.input<Schema>; params: z.output<Schema>; outputs: Built }> {
  const { name, version = 1, summary = "" } = options;
  if (typeof name !== "string" || !/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}$/.test(name)) {
    throw bad(String(name), 'a flow is named by letters, digits, "_", "-" and ".", up to 100.');
  }
  if (!Number.isInteger(version) || version < 1) throw bad(name, "version counts from 1.");
  const parameters = toParameters(name, options.params ?? z.object({}));
  const { secrets } = parameters;
  const limits = { ...toLimits(options), ...(secrets.length > 0 && { secrets }) };
  const build = (params: Store): Assembled => {
    const { node, built } = toNode(options, parameters, params);
    const { spec, bodies } = assemble(node);
    // Plain TaskFlow, its surprises included: what ran before a nested flow that gives up stays.
    if ("flow" in options)
      return { bodies, spec: { ...spec, ...limits, ...toResolution(options) } };
    // A nested flow that gives up hands the failure outwards: a failed job is reverted as a whole.
    return { bodies, spec: { ...spec, ...limits, deferReverts: true }, built };
  };
  const head = { [MARK]: true as const, name, version, summary, schema: parameters.schema };
  const migrations = options.migrations ?? {};
  return {
    ...head,
    migrates: checkMigrations(name, version, migrations),
    migrate(older, params) {
      const migration = migrations[older];
      if (migration === undefined) throw otherVersion(name, version, older);
      const { renamed = {} } = migration;
      return { params: parameters.parse(converted(migration, params)), renamed };
    },
    assemble: build,
    prepare(input) {
      const params = parameters.parse(input);
      const { spec } = build(params);
      const given = params as z.output<Schema>;
      const clauses = checkClauses(name, options.capabilities?.(given) ?? []);
      const concurrency = options.clusterConcurrency?.(given);
      if (concurrency === undefined) return { version, params, clauses, spec };
      return { version, params, clauses, spec, concurrency: checkSlots(name, concurrency) };
    },
  };
}

type Limits = Pick<Heading<z.ZodObject>, "name" | "concurrency" | "timeLimit">;

function toLimits({ name, concurrency, timeLimit }: Limits): Partial<FlowSpec> {
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw bad(name, `concurrency ${concurrency}: wants a whole number from 1.`);
  }
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(timeLimit !== undefined && { timeoutMs: toMs(timeLimit, "timeLimit") }),
  };
}

function toResolution({
  deferReverts,
  neverResolve,
}: Pick<PlainFlowDefinition<z.ZodObject>, "deferReverts" | "neverResolve">): Partial<FlowSpec> {
  return {
    ...(deferReverts === true && { deferReverts }),
    ...(neverResolve === true && { neverResolve }),
  };
}

/** True for what `defineFlow` gives, of whichever copy of this package. */
export function isFlowDefinition(value: unknown): value is FlowDefinition {
  return typeof value === "object" && value !== null && MARK in value;
}

function toNode<Schema extends z.ZodObject>(
  options: BuiltFlow<Schema> | PlainFlowDefinition<Schema>,
  parameters: Parameters,
  params: Store,
): { readonly node: FlowNode; readonly built: unknown } {
  const given = params as z.output<Schema>;
  if ("flow" in options) {
    const node = typeof options.flow === "function" ? options.flow(given) : options.flow;
    return { node, built: undefined };
  }
  if (typeof options.build !== "function") throw bad(options.name, "has neither build nor flow.");
  const retry = options.retry === undefined ? undefined : named(options.retry, options.name);
  const pattern = options.pattern ?? "linear";
  const { scope, close } = openScope({ path: "", name: options.name, pattern, retry });
  const built = options.build(scope, toRefs(parameters, params) as never, given);
  if (built instanceof Promise) {
    throw bad(options.name, "build is asynchronous: describe here, work in tasks.");
  }
  return { node: close(), built };
}

function toRefs(parameters: Parameters, params: Store): Readonly<Record<string, Ref<unknown>>> {
  const refs = parameters.names.map((name): [string, Ref<unknown>] => {
    return [name, makeRef({ symbol: name, path: [], optional: params[name] === undefined })];
  });
  return Object.fromEntries(refs);
}

function checkMigrations(
  flow: string,
  version: number,
  migrations: Readonly<Record<number, Migration>>,
): readonly number[] {
  return Object.keys(migrations).map((key) => {
    const older = Number(key);
    if (Number.isInteger(older) && older >= 1 && older < version) return older;
    throw bad(flow, `migrations has "${key}": wants numbers of versions before ${version}.`);
  });
}

/** The author's code: what it throws concerns this job alone. */
function converted({ params: convert }: Migration, old: Store): Json {
  if (convert === undefined) return old;
  try {
    return convert(old);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new JobrunnerError("BAD_PARAMETERS", `the migration of the parameters: ${why}`);
  }
}

function otherVersion(flow: string, version: number, older: number): JobrunnerError {
  const message = `The flow "${flow}" is version ${version} here; the job wants ${older}.`;
  return new JobrunnerError("OTHER_VERSION", message, {
    hint: "An agent that has that version runs it, or a newer one that migrates from it.",
  });
}

function checkClauses(flow: string, clauses: readonly Clause[]): readonly Clause[] {
  for (const clause of clauses) {
    if (typeof clause?.name === "string" && Array.isArray(clause.args)) continue;
    throw bad(flow, `capabilities must answer clauses such as portIsFree(8080).`);
  }
  return clauses;
}

function checkSlots(flow: string, { key, limit }: ConcurrencyView): ConcurrencyView {
  if (typeof key !== "string" || !new RegExp(CONTROL_KEY).test(key)) {
    throw bad(flow, "clusterConcurrency wants a key of 1 to 128 ASCII characters without spaces.");
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > CONCURRENCY_MAX) {
    throw bad(flow, `clusterConcurrency wants a limit from 1 to ${CONCURRENCY_MAX}.`);
  }
  return { key, limit };
}

function bad(flow: string, message: string): JobrunnerError {
  return new JobrunnerError("BAD_FLOW", `Flow "${flow}": ${message}`);
}
