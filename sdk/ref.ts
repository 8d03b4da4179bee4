import type { Json } from "../common/json.js";

declare const VALUE: unique symbol;

/**
 * A value that exists only when the job runs: a parameter, a task's result, or a part of one
 * (`site.dir`). Passing it to a task is the edge between the two. It is not the value itself:
 * calculating with it, printing it or listing its parts in `build` throws.
 */
export type Ref<T> = { readonly [VALUE]: T } & PartsOf<T>;

// A value of any shape has no parts that are known: nor has Json an end.
type PartsOf<T> = Json extends T ? unknown : PartsOfEach<NonNullable<T>, GapOf<T>>;

/** What parts of a value that may be missing may be. */
type GapOf<T> = [Extract<T, null | undefined>] extends [never] ? never : undefined;

type PartsOfEach<T, Gap> = T extends readonly (infer Item)[]
  ? { readonly [index: number]: Ref<Item | undefined> }
  : T extends object
    ? { readonly [K in keyof T]-?: Ref<T[K] | Gap> }
    : unknown;

/** What a reference, or a constant in its place, is when the body runs. */
export type ValueOf<R> = R extends { readonly [VALUE]: infer T } ? T : R;

/**
 * No reference itself: its parts cannot be listed when it is handed over whole, or spread, where
 * inputs by name are wanted.
 */
export interface NoRef {
  readonly [VALUE]?: never;
}

/** What a task may be given: references and constants, by argument name; undefined is left out. */
export type Inputs = Readonly<Record<string, Ref<unknown> | Json | undefined>> & NoRef;

export type ValuesOf<I> = { readonly [K in keyof I]: ValueOf<I[K]> };

/** Where a reference points: a symbol of the flow, and the way into its value. */
export interface Target {
  readonly symbol: string;
  readonly path: readonly string[];
  /** The atom whose result it is; undefined for parameters and retry values. */
  readonly atom?: string;
  /** True when the value may be missing at run time: an absent parameter, a skipped task. */
  readonly optional?: boolean;
}

// Of all copies of this module, so that a flow and its loader agree even when each has its own.
const TARGET = Symbol.for("jobrunner.reference");

/** A reference to `target`; its parts come into being when they are asked for. */
export function makeRef<T>(target: Target): Ref<T> {
  const parts = new Map<string, Ref<unknown>>();
  const handler: ProxyHandler<object> = {
    get(_, key) {
      if (key === TARGET) return target;
      if (key === Symbol.toPrimitive) return () => refuse(target, HAND_ON);
      // An awaited reference must not look like a promise.
      if (typeof key === "symbol" || key === "then") return undefined;
      const known = parts.get(key);
      if (known !== undefined) return known;
      const part = makeRef<unknown>({ ...target, path: [...target.path, key] });
      parts.set(key, part);
      return part;
    },
    set() {
      throw new TypeError(`A reference cannot be written to: ${describe(target)}.`);
    },
    // A spread reference would quietly be nothing at all.
    ownKeys: () => refuse(target, NAME_PARTS),
  };
  return new Proxy(Object.freeze({}), handler) as Ref<T>;
}

const HAND_ON = "Hand it to a task, or decide by the third argument of build.";
const NAME_PARTS = "Name the parts that you want, such as { dir: site.dir }.";

function refuse(target: Target, advice: string): never {
  const what = `${describe(target)} is a reference: its value is not there before the job runs.`;
  throw new TypeError(`${what} ${advice}`);
}

/** Where `value` points, or undefined when it is no reference. */
export function targetOf(value: unknown): Target | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as { readonly [TARGET]?: Target })[TARGET];
}

/** The part of `value` that `path` leads to; undefined when it is not there. */
export function follow(value: Json | undefined, path: readonly string[]): Json | undefined {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string, Json>>)[key];
  }
  return at;
}

export function describe(target: Target): string {
  return [target.symbol, ...target.path].join(".");
}
