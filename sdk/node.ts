import type { Attempt } from "../engine/bodies.js";
import type { Depth, FlowSpec, LinkSpec, RetrySpec, TaskSpec } from "../engine/flow.js";
import type { Decision } from "../engine/journal.js";
import type { Json, Store } from "../common/json.js";
import type { Context, Undo } from "./context.js";

/*
 * A flow in the author's hands: the plain data of engine/flow.ts with the code beside it. The
 * builder makes these; `assemble` takes data and code apart.
 */

/** The code of a task. Arguments come by name, as the task's spec declares them. */
export interface TaskBody {
  execute(args: Store, ctx: Context): unknown;
  revert?(args: Store, undo: Undo<Json>, ctx: Context): unknown;
  /** The input as the author named it, from the arguments; without it they are the same. */
  read?(args: Store): Readonly<Record<string, Json | undefined>>;
}

/** The code of an author's own retry. */
export interface RetryBody {
  /** The value of the next attempt; default the number of the attempt, from 1. */
  execute?(history: readonly Attempt[], args: Store, ctx: Context): unknown;
  onFailure(history: readonly Attempt[], args: Store): Decision | Promise<Decision>;
  revert?(history: readonly Attempt[], args: Store, ctx: Context): unknown;
}

/** Results of the link's sources by atom name; false skips what follows. */
export type Decider = (results: Store) => boolean | Promise<boolean>;

export interface TaskNode {
  readonly kind: "task";
  readonly spec: TaskSpec;
  readonly body: TaskBody;
}

export interface RetryNode {
  readonly spec: RetrySpec;
  /** For `custom` controllers only. */
  readonly body?: RetryBody;
}

export interface LinkNode {
  /** Names of two direct children of the graph. */
  readonly from: string;
  readonly to: string;
  readonly decider?: Decider;
  readonly depth?: Depth;
  /** Whether a "no" about a flow skips all of it; TaskFlow's do not. */
  readonly whole?: boolean;
}

export interface FlowNode {
  readonly kind: "flow";
  readonly name: string;
  readonly pattern: "linear" | "unordered" | "graph";
  readonly children: readonly (TaskNode | FlowNode)[];
  readonly retry?: RetryNode;
  readonly links?: readonly LinkNode[];
  readonly target?: string;
}

/** The code of a flow, by the names under which the engine calls it. */
export interface BodyTable {
  readonly tasks: ReadonlyMap<string, TaskBody>;
  readonly retries: ReadonlyMap<string, RetryBody>;
  readonly deciders: ReadonlyMap<string, Decider>;
}

/** A flow as plain data, and its code beside it. */
export interface Assembled {
  readonly spec: FlowSpec;
  readonly bodies: BodyTable;
  /** What the author's `build` returned: references to what the flow gives, if anything. */
  readonly built?: unknown;
}

/** Takes the data and the code of a flow apart. Whether the data is sound is the engine's to say. */
export function assemble(root: FlowNode): Assembled {
  const bodies = {
    tasks: new Map<string, TaskBody>(),
    retries: new Map<string, RetryBody>(),
    deciders: new Map<string, Decider>(),
  };
  return { spec: flowSpec(root, bodies), bodies };
}

interface Tables {
  readonly tasks: Map<string, TaskBody>;
  readonly retries: Map<string, RetryBody>;
  readonly deciders: Map<string, Decider>;
}

function flowSpec(flow: FlowNode, bodies: Tables): FlowSpec {
  const retry = flow.retry === undefined ? undefined : retrySpec(flow, bodies);
  const links = flow.links?.map((link) => linkSpec(flow, link, bodies));
  return {
    kind: "flow",
    name: flow.name,
    pattern: flow.pattern,
    children: flow.children.map((child): TaskSpec | FlowSpec => {
      if (child.kind === "flow") return flowSpec(child, bodies);
      bodies.tasks.set(child.spec.name, child.body);
      return child.spec;
    }),
    ...(retry !== undefined && { retry }),
    ...(links !== undefined && links.length > 0 && { links }),
    ...(flow.target !== undefined && { target: flow.target }),
  };
}

function retrySpec(flow: FlowNode, bodies: Tables): RetrySpec | undefined {
  if (flow.retry === undefined) return undefined;
  const { spec, body } = flow.retry;
  if (body !== undefined) bodies.retries.set(spec.name ?? `${flow.name}_retry`, body);
  return spec;
}

function linkSpec(flow: FlowNode, link: LinkNode, bodies: Tables): LinkSpec {
  const { from, to, decider, depth, whole } = link;
  if (decider === undefined) return { from, to };
  // Atom names are unique in a flow, flow names need not be: the place makes this name unique.
  const name = `${flow.name}: ${from} -> ${to} (${bodies.deciders.size + 1})`;
  bodies.deciders.set(name, decider);
  return {
    ...{ from, to, decider: name },
    ...(depth !== undefined && { depth }),
    ...(whole !== undefined && { whole }),
  };
}
