import { parseDuration } from "../common/text/duration.js";
import { JobrunnerError } from "../common/error.js";
import type { Json, Store } from "../common/json.js";
import type { Attempt } from "../engine/bodies.js";
import type { Backoff, RetryController, RetrySpec } from "../engine/flow.js";
import type { Decision } from "../engine/journal.js";
import type { Context } from "./context.js";
import type { RetryBody, RetryNode } from "./node.js";
import { type Inputs, type Ref, targetOf, type ValuesOf } from "./ref.js";
import { bindInputs, checkRebind } from "./bind.js";

declare const ATTEMPT: unique symbol;

/** A retry controller; `Value` is what it hands to the attempt's tasks. */
export interface Retry<Value> extends RetryNode {
  readonly [ATTEMPT]?: Value;
}

/** Such as `250ms`, `10s`, `5m`, or a number of milliseconds. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h"}`;

export interface BackoffOptions {
  /** Delay before the second attempt. */
  readonly delay: Duration;
  /** Factor from one delay to the next; default 2. */
  readonly factor?: number;
  /** Longest delay; default one hour. */
  readonly max?: Duration;
  /** Up to this share of the delay is added at random, 0..1; default 0.1. */
  readonly jitter?: number;
}

export interface RetryOptions {
  /** Waiting between attempts; durable, a waiting retry survives its owner. Default none. */
  readonly backoff?: Duration | BackoffOptions;
  /** Giving up reverts the whole flow without asking outer retries. */
  readonly revertAll?: boolean;
  /** Default `<flow name>_retry`. */
  readonly name?: string;
  /** Symbol under which tasks find the attempt's value (plain API; the builder hands it over). */
  readonly provides?: string;
  /** Argument name -> symbol (plain API). */
  readonly rebind?: Readonly<Record<string, string>>;
}

/** At most `attempts` tries in all; hands out the number of the attempt, from 1. */
export function times(attempts: number, options: RetryOptions = {}): Retry<number> {
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new JobrunnerError("BAD_FLOW", `times(${attempts}): wants a whole number from 1.`);
  }
  return controlled({ type: "times", attempts, ...revertAll(options) }, options);
}

/** One try for each value, in order; a reference to a list is looked up when the job runs. */
export function forEach<T extends Json>(
  values: readonly T[] | Ref<readonly T[]> | Ref<T[]>,
  options: RetryOptions = {},
): Retry<T> {
  const target = targetOf(values);
  if (target === undefined) {
    if (!Array.isArray(values)) throw new JobrunnerError("BAD_FLOW", "forEach wants a list.");
    return controlled({ type: "forEach", values, ...revertAll(options) }, options);
  }
  if (target.path.length > 0) {
    const message = `forEach wants a whole parameter or result, not a part of ${target.symbol}.`;
    throw new JobrunnerError("BAD_FLOW", message, { hint: "Let a task return just the list." });
  }
  return parameterizedForEach<T>({ ...options, rebind: { values: target.symbol } });
}

/** One try for each value of the list under the symbol `values` (rebind it to another). */
export function parameterizedForEach<T extends Json = Json>(options: RetryOptions = {}): Retry<T> {
  checkRebind(options.rebind, ["values"], "parameterizedForEach");
  return controlled({ type: "parameterizedForEach", ...revertAll(options) }, options);
}

/** No second try: reverts this flow, then asks the outer retry. */
export function alwaysRevert(options: RetryOptions = {}): Retry<null> {
  return controlled({ type: "alwaysRevert" }, options);
}

/** No second try: reverts everything. */
export function alwaysRevertAll(options: RetryOptions = {}): Retry<null> {
  return controlled({ type: "alwaysRevertAll" }, options);
}

export interface OwnRetry<I extends Inputs, Value> extends Omit<RetryOptions, "revertAll"> {
  readonly in?: I;
  /** The value of the next attempt; without it the number of the attempt, from 1. */
  execute?(history: readonly Attempt[], input: ValuesOf<I>, ctx: Context): Value | Promise<Value>;
  /** Asked once for each failure; the answer is stored. */
  onFailure(history: readonly Attempt[], input: ValuesOf<I>): Decision | Promise<Decision>;
  /** Runs when it has given up and its flow is reverted. */
  revert?(history: readonly Attempt[], input: ValuesOf<I>, ctx: Context): unknown;
}

/** A retry with code of its own whose arguments come by symbol, as those of a plain task do. */
export interface PlainRetry<Value> extends Omit<
  OwnRetry<never, Value>,
  "in" | "execute" | "onFailure" | "revert"
> {
  /** Arguments that must have a value. */
  readonly requires: readonly string[];
  /** Arguments left out when nobody provides them. */
  readonly optional?: readonly string[];
  /** Symbol -> value for this retry only. */
  readonly inject?: Store;
  execute?(history: readonly Attempt[], args: Store, ctx: Context): Value | Promise<Value>;
  onFailure(history: readonly Attempt[], args: Store): Decision | Promise<Decision>;
  revert?(history: readonly Attempt[], args: Store, ctx: Context): unknown;
}

/** A retry with code of its own. */
export function defineRetry<Value extends Json = number>(own: PlainRetry<Value>): Retry<Value>;
export function defineRetry<I extends Inputs = Record<never, never>, Value extends Json = number>(
  own: OwnRetry<I, Value>,
): Retry<Value>;
export function defineRetry(own: AnyRetry): Retry<Json> {
  const { requires = [], optional = [], inject, rebind = {} } = own;
  const bound = bindInputs(own.in ?? {}, "the retry");
  checkRebind(rebind, [...requires, ...optional], "the retry");
  const read = (args: Store) => ({
    ...pickArgs(args, [...requires, ...optional]),
    ...bound.read(args),
  });
  const body: RetryBody = {
    onFailure: (history, args) => own.onFailure(history, read(args)),
    execute: (history, args, ctx) =>
      own.execute === undefined ? history.length + 1 : own.execute(history, read(args), ctx),
    ...(own.revert !== undefined && {
      revert: (history, args, ctx) => own.revert?.(history, read(args), ctx),
    }),
  };
  const { spec } = controlled(
    { type: "custom" },
    { ...own, rebind: { ...bound.rebind, ...rebind } },
  );
  const more = {
    requires: [...bound.requires, ...requires],
    optional: [...bound.optional, ...optional],
    ...(bound.follows.length > 0 && { follows: bound.follows }),
    inject: { ...bound.inject, ...inject },
    reverts: own.revert !== undefined,
  };
  return { spec: { ...spec, ...more }, body };
}

/** Either of the two, as the function that makes them sees it. */
type AnyRetry = OwnRetry<Inputs, Json> &
  Partial<Pick<PlainRetry<Json>, "requires" | "optional" | "inject">>;

function pickArgs(args: Store, names: readonly string[]): Record<string, Json | undefined> {
  return Object.fromEntries(names.map((name) => [name, args[name]]));
}

function controlled<V>(controller: RetryController, options: RetryOptions): Retry<V> {
  const { name, provides, rebind, backoff } = options;
  const spec: RetrySpec = {
    kind: "retry",
    controller,
    ...(name !== undefined && { name }),
    ...(provides !== undefined && { provides }),
    ...(rebind !== undefined && { rebind }),
    ...(backoff !== undefined && { backoff: toBackoff(backoff) }),
  };
  return { spec };
}

function revertAll(options: RetryOptions): { readonly revertAll?: boolean } {
  return options.revertAll === undefined ? {} : { revertAll: options.revertAll };
}

function toBackoff(backoff: Duration | BackoffOptions): Backoff {
  if (typeof backoff !== "object") return { delayMs: toMs(backoff, "backoff") };
  return {
    delayMs: toMs(backoff.delay, "backoff"),
    factor: backoff.factor ?? 2,
    maxMs: toMs(backoff.max ?? "1h", "backoff"),
    jitter: backoff.jitter ?? 0.1,
  };
}

/** Milliseconds of a duration; BAD_FLOW with the name of the option when it is none. */
export function toMs(duration: Duration, option: string): number {
  const ms = typeof duration === "number" ? duration : parseDuration(duration);
  if (ms !== undefined && Number.isFinite(ms) && ms >= 0) return ms;
  throw new JobrunnerError("BAD_FLOW", `${option}: ${duration} is not a duration such as "10s".`);
}
