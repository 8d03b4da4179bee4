import { JobrunnerError } from "../common/error.js";
import type { Depth } from "../engine/flow.js";
import type { JsonSafe } from "./json-safe.js";
import type { FlowNode, LinkNode, RetryNode, TaskNode } from "./node.js";
import { type Inputs, makeRef, type NoRef, type Ref, targetOf } from "./ref.js";
import type { Retry } from "./retry.js";
import {
  resultSymbol,
  type SharedTask,
  type TaskOptions,
  toAskNode,
  toTaskNode,
  type When,
} from "./task.js";

/** Refuses, at `execute`, a result that JSON cannot hold. */
type JsonResult<Out> = [Out] extends [JsonSafe<Out> | void]
  ? unknown
  : { readonly execute: "The result must be JSON: no Map, Date, function or bigint." };

export interface FlowTraits<Value> {
  readonly retry?: Retry<Value>;
}

/** Adds tasks and flows to the flow being built. Names are identities: journals know them. */
export interface Scope {
  /** A task; the answer stands for its result. */
  task<I extends Inputs = Record<never, never>, Out = void>(
    name: string,
    options: TaskOptions<I, Out> & { readonly when: When<I> } & JsonResult<Out>,
  ): Ref<Out | undefined>;
  task<I extends Inputs = Record<never, never>, Out = void>(
    name: string,
    options: TaskOptions<I, Out> & JsonResult<Out>,
  ): Ref<Out>;
  /** A task made by `defineTask`. */
  use<In, Out>(name: string, shared: SharedTask<In, Out>, inputs: InputsFor<In>): Ref<Out>;
  /** A flow whose parts run one after another; answers what `build` answers. */
  linear<R, V>(name: string, build: (s: Scope, value: Ref<V>) => R, traits?: FlowTraits<V>): R;
  /** A flow whose parts run at once and cannot see each other's results. */
  unordered<R, V>(name: string, build: (s: Scope, value: Ref<V>) => R, traits?: FlowTraits<V>): R;
  /** A flow whose parts run in the order of their data and of `link`. */
  graph<R, V>(name: string, build: (s: GraphScope, value: Ref<V>) => R, traits?: FlowTraits<V>): R;
}

/** The references and constants that fit a shared task's input. */
export type InputsFor<In> = NoRef & {
  readonly [K in keyof In]: In[K] | Ref<In[K]>;
};

export interface GraphScope extends Scope {
  /** An edge without data, between two parts of this graph, by result or by name. */
  link(from: Ref<unknown> | string, to: Ref<unknown> | string, options?: GraphLink): void;
  /** This part and its predecessors take part, the others do not. */
  target(part: Ref<unknown> | string): void;
}

export interface GraphLink {
  /**
   * Asked with the results of the sources by task name (`count`, `in/a/flow`); false skips `to`,
   * all of it when it is a flow.
   */
  readonly when?: (results: Readonly<Record<string, unknown>>) => boolean | Promise<boolean>;
  /** How far beyond `to` a "no" reaches; default ALL, which is all that follows. */
  readonly depth?: Depth;
}

export interface ScopeShape {
  /** Name in the journal: the path from the root, "" for the root itself. */
  readonly path: string;
  readonly name: string;
  readonly pattern: FlowNode["pattern"];
  readonly retry: RetryNode | undefined;
}

/** A scope, and the function that gives what was built with it. */
export function openScope(shape: ScopeShape): { scope: GraphScope; close: () => FlowNode } {
  const building = new Building(shape);
  // The class knows names and symbols only; the interface adds the author's types.
  return { scope: building as unknown as GraphScope, close: () => building.close() };
}

const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_. -]{0,99}$/u;

type Build = (scope: GraphScope, value: Ref<unknown>) => unknown;

interface Traits {
  readonly retry?: RetryNode;
}

type AnyTask = Parameters<typeof toTaskNode>[1] & { readonly when?: unknown };

class Building {
  readonly #shape: ScopeShape;
  readonly #parts: (TaskNode | FlowNode)[] = [];
  /** Name as the author wrote it -> name of the direct child. */
  readonly #children = new Map<string, string>();
  readonly #links: LinkNode[] = [];
  #target: string | undefined;
  #closed = false;

  constructor(shape: ScopeShape) {
    this.#shape = shape;
  }

  task(name: string, options: AnyTask): Ref<unknown> {
    const path = this.#enter(name);
    const node = toTaskNode(path, options);
    const optional = options.when !== undefined;
    if (optional) this.#add(name, toConditional(node, options));
    else this.#add(name, node);
    return makeRef({ symbol: resultSymbol(path), path: [], atom: path, optional });
  }

  use(name: string, shared: SharedTask<never, unknown>, inputs: object): Ref<unknown> {
    const path = this.#enter(name);
    const task = { ...shared, in: inputs as Readonly<Record<string, unknown>> };
    this.#add(name, toTaskNode(path, task));
    return makeRef({ symbol: resultSymbol(path), path: [], atom: path });
  }

  linear(name: string, build: Build, traits?: Traits): unknown {
    return this.#flow(name, build, { pattern: "linear", ...traits });
  }

  unordered(name: string, build: Build, traits?: Traits): unknown {
    return this.#flow(name, build, { pattern: "unordered", ...traits });
  }

  graph(name: string, build: Build, traits?: Traits): unknown {
    return this.#flow(name, build, { pattern: "graph", ...traits });
  }

  link(from: Ref<unknown> | string, to: Ref<unknown> | string, options: GraphLink = {}): void {
    this.#needGraph("link");
    const { when, depth } = options;
    if (depth !== undefined && when === undefined) throw bad("link: depth without when.");
    const target = this.#child(to);
    // A task with `when` is a flow, too: both have to say yes.
    const whole = this.#parts.some((node) => node.kind === "flow" && node.name === target);
    this.#links.push({
      from: this.#child(from),
      to: target,
      ...(when !== undefined && { decider: when, ...(whole && { whole }) }),
      ...(depth !== undefined && { depth }),
    });
  }

  target(part: Ref<unknown> | string): void {
    this.#needGraph("target");
    this.#target = this.#child(part);
  }

  close(): FlowNode {
    this.#closed = true;
    const { name, pattern, retry } = this.#shape;
    return {
      kind: "flow",
      name,
      pattern,
      children: this.#parts,
      ...(retry !== undefined && { retry }),
      ...(this.#links.length > 0 && { links: this.#links }),
      ...(this.#target !== undefined && { target: this.#target }),
    };
  }

  #flow(
    name: string,
    build: Build,
    traits: Traits & { readonly pattern: FlowNode["pattern"] },
  ): unknown {
    const path = this.#enter(name);
    const retry = traits.retry === undefined ? undefined : named(traits.retry, path);
    const { scope, close } = openScope({ path, name: path, pattern: traits.pattern, retry });
    const answer = build(scope, retryValue(retry));
    this.#add(name, close());
    return answer;
  }

  #enter(name: string): string {
    const { path } = this.#shape;
    if (this.#closed) throw bad(`"${name}" is added to "${this.#shape.name}" after it was built.`);
    if (typeof name !== "string" || !NAME.test(name)) {
      throw bad(
        `"${name}" cannot be a name: letters, digits, "_", "-", "." and blanks, up to 100.`,
      );
    }
    if (this.#children.has(name)) throw bad(`"${this.#shape.name}" has two parts named "${name}".`);
    return path === "" ? name : `${path}/${name}`;
  }

  #add(name: string, node: TaskNode | FlowNode): void {
    this.#parts.push(node);
    this.#children.set(name, node.kind === "flow" ? node.name : node.spec.name);
  }

  #child(part: Ref<unknown> | string): string {
    const { path } = this.#shape;
    const inside = path === "" ? "" : `${path}/`;
    const atom = typeof part === "string" ? `${inside}${part}` : targetOf(part)?.atom;
    const name = atom?.startsWith(inside) ? atom.slice(inside.length).split("/")[0] : undefined;
    const child = name === undefined ? undefined : this.#children.get(name);
    if (child === undefined) throw bad(`${String(atom)} is no part of "${this.#shape.name}".`);
    return child;
  }

  #needGraph(what: string): void {
    if (this.#shape.pattern === "graph") return;
    throw bad(`${what} belongs to graph flows; "${this.#shape.name}" is ${this.#shape.pattern}.`);
  }
}

/** A retry whose value the flow's tasks can refer to. */
export function named(retry: RetryNode, flow: string): RetryNode {
  const name = retry.spec.name ?? `${flow}_retry`;
  const provides = retry.spec.provides ?? resultSymbol(name);
  return { ...retry, spec: { ...retry.spec, name, provides } };
}

/** The value of the running attempt; without a retry, a reference to nothing. */
export function retryValue(retry: RetryNode | undefined): Ref<unknown> {
  const provides = retry?.spec.provides;
  if (typeof provides === "string") return makeRef({ symbol: provides, path: [] });
  return makeRef({ symbol: "a retry that is not there", path: [] });
}

/**
 * A task with `when` sits in a graph of its own behind the question: the "no" reaches the task and
 * nothing after it.
 */
function toConditional(node: TaskNode, options: AnyTask): FlowNode {
  const path = node.spec.name;
  const ask = toAskNode(`${path}/when`, options.when, options.in ?? {});
  const decider = (results: Readonly<Record<string, unknown>>): boolean =>
    results[ask.spec.name] === true;
  return {
    kind: "flow",
    name: `${path}?`,
    pattern: "graph",
    children: [ask, node],
    links: [{ from: ask.spec.name, to: path, decider, depth: "FLOW" }],
  };
}

function bad(message: string): JobrunnerError {
  return new JobrunnerError("BAD_FLOW", message);
}
