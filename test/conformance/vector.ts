import type { Json } from "../../common/json.js";
import type {
  Depth,
  FlowSpec,
  LinkSpec,
  RetryController,
  RetrySpec,
  TaskSpec,
} from "../../engine/flow.js";

/* A recorded run of OpenStack TaskFlow: what to build, what happens to it, what came of it. */

export interface Vector {
  readonly id: string;
  readonly tags: readonly string[];
  readonly quirks?: readonly string[];
  readonly spec: VectorSpec;
  readonly expected: Expected;
}

export interface VectorSpec {
  readonly flow: VectorFlow;
  readonly store: Readonly<Record<string, Json>>;
  readonly options?: { readonly deferReverts?: boolean; readonly neverResolve?: boolean };
  readonly phases?: readonly Phase[];
}

/** One run of the flow; all phases share the persistence. */
export interface Phase {
  readonly engine?: "fresh" | "same";
  readonly crashAt?: Point;
  readonly suspendAt?: Point;
  readonly flow?: VectorFlow;
}

export interface Point {
  readonly atom?: string;
  readonly event?: string;
  readonly inside?: "execute" | "revert";
  readonly flow?: string;
  readonly nth?: number;
}

export interface VectorFlow {
  readonly type: "linear" | "unordered" | "graph";
  readonly name: string;
  readonly children: readonly (VectorFlow | VectorTask)[];
  readonly retry?: VectorRetry;
  readonly links?: readonly VectorLink[];
  readonly target?: string;
}

export type VectorLink = readonly [
  from: string,
  to: string,
  how?: { readonly decider?: VectorDecider; readonly depth?: Depth },
];

export interface VectorDecider {
  readonly const?: boolean;
  readonly historyHas?: string;
  readonly historyEquals?: Readonly<Record<string, Json>>;
}

export interface VectorRetry {
  readonly kind: "Times" | "ForEach" | "ParameterizedForEach" | "AlwaysRevert" | "AlwaysRevertAll";
  readonly name?: string;
  readonly provides?: TaskSpec["provides"];
  readonly attempts?: number;
  readonly values?: readonly Json[] | string;
  readonly revertAll?: boolean;
}

export interface VectorTask extends Pick<
  TaskSpec,
  "name" | "requires" | "optional" | "rebind" | "inject" | "provides" | "revertArgs"
> {
  readonly type: "task";
  readonly execute: readonly ScriptStep[];
  readonly revert?: readonly ScriptStep[];
}

export interface ScriptStep {
  readonly return?: Json;
  readonly fail?: { readonly type: string; readonly message: string };
  readonly compute?: "concat" | "sum";
  readonly add?: number;
  readonly shape?: readonly ["list", number] | readonly ["dict", readonly string[]];
  readonly if?: { readonly arg: string; readonly equals?: Json; readonly in?: readonly Json[] };
  readonly then?: ScriptStep;
  readonly else?: ScriptStep;
  readonly holdUntil?: readonly [atom: string, event: string];
}

export interface Expected {
  readonly phases: readonly Readonly<Record<string, unknown>>[];
  readonly final: { readonly storage?: Readonly<Record<string, unknown>> };
  readonly relaxed?: readonly string[];
}

export interface Translated {
  readonly spec: FlowSpec;
  readonly tasks: ReadonlyMap<string, VectorTask>;
  readonly deciders: ReadonlyMap<string, VectorDecider>;
}

/** The vector's flow in our words. */
export function translate(flow: VectorFlow, options: VectorSpec["options"] = {}): Translated {
  const tasks = new Map<string, VectorTask>();
  const deciders = new Map<string, VectorDecider>();
  const spec = toFlow(flow);
  return { spec: { ...spec, ...options }, tasks, deciders };

  function toFlow(from: VectorFlow): FlowSpec {
    const { type: pattern, name, retry, links, target } = from;
    const children = from.children.map((child) =>
      child.type === "task" ? toTask(child) : toFlow(child),
    );
    return {
      ...{ kind: "flow", name, pattern, children },
      ...(retry !== undefined && { retry: toRetry(retry) }),
      ...(links !== undefined && { links: links.map(toLink) }),
      ...(target !== undefined && { target }),
    };
  }

  function toTask(task: VectorTask): TaskSpec {
    const { type: _, execute: __, revert: ___, optional = [], requires = [], ...rest } = task;
    tasks.set(task.name, task);
    // An optional argument that is rebound has to be there.
    const rebound = optional.filter((name) => Object.hasOwn(task.rebind ?? {}, name));
    return {
      ...{ kind: "task", ...rest },
      requires: [...requires, ...rebound],
      optional: optional.filter((name) => !rebound.includes(name)),
    };
  }

  function toLink([from, to, how = {}]: VectorLink): LinkSpec {
    const { decider, depth } = how;
    if (decider === undefined) return { from, to, ...(depth !== undefined && { depth }) };
    const name = `decider-${deciders.size + 1}`;
    deciders.set(name, decider);
    return { from, to, decider: name, ...(depth !== undefined && { depth }) };
  }
}

function toRetry({ name, provides, ...rest }: VectorRetry): RetrySpec {
  const symbol = rest.kind === "ParameterizedForEach" ? (rest.values ?? "values") : undefined;
  return {
    kind: "retry",
    controller: toController(rest),
    ...(name !== undefined && { name }),
    ...(provides !== undefined && { provides }),
    ...(symbol !== undefined && { requires: ["values"] }),
    ...(typeof rest.values === "string" && { rebind: { values: rest.values } }),
  };
}

function toController({ kind, attempts, values, revertAll }: VectorRetry): RetryController {
  const all = revertAll === undefined ? {} : { revertAll };
  switch (kind) {
    case "Times":
      return { type: "times", attempts: attempts ?? 1, ...all };
    case "ForEach":
      return { type: "forEach", values: Array.isArray(values) ? values : [], ...all };
    case "ParameterizedForEach":
      return { type: "parameterizedForEach", ...all };
    case "AlwaysRevert":
      return { type: "alwaysRevert" };
    case "AlwaysRevertAll":
      return { type: "alwaysRevertAll" };
  }
}
