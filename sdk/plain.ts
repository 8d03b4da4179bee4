import { JobrunnerError } from "../common/error.js";
import type { Json, Store } from "../common/json.js";
import type { Depth, Provides, TaskSpec } from "../engine/flow.js";
import type { Context, Undo } from "./context.js";
import type { Decider, FlowNode, LinkNode, RetryNode, TaskNode } from "./node.js";
import { checkRebind } from "./bind.js";
import { type TaskTraits, traits } from "./task.js";

/*
 * Flows in the words of OpenStack TaskFlow: values travel by symbol. The builder of `defineFlow` is
 * made of these; use them to port a flow line by line.
 */

export interface PlainTask extends TaskTraits {
  /** Arguments that must have a value. */
  readonly requires?: readonly string[];
  /** Arguments left out when nobody provides them. */
  readonly optional?: readonly string[];
  /** Argument -> symbol; as a list, the symbols of `requires` in order. */
  readonly rebind?: Readonly<Record<string, string>> | readonly string[];
  /** Symbol -> value for this task only. */
  readonly inject?: Store;
  /** Symbol of the result; a list names its positions, `{ keys }` its members. */
  readonly provides?: Provides;
  /** What revert gets besides its result: the arguments of execute (default), or none. */
  readonly revertArgs?: "same" | "none";
  /** Arguments of revert instead of those of execute; they too must have a value from the start. */
  readonly revertRequires?: readonly string[];
  /** Argument of revert -> symbol. */
  readonly revertRebind?: Readonly<Record<string, string>>;
  execute(args: Store, ctx: Context): unknown;
  revert?(args: Store, undo: Undo<Json>, ctx: Context): unknown;
  /** Before execute; one that throws is the task's failure, and execute is not called. */
  preExecute?(ctx: Context): unknown;
  /** After execute, also after one that threw. One that throws is the task's failure. */
  postExecute?(ctx: Context): unknown;
  /** As `preExecute` and `postExecute`, around revert. */
  preRevert?(ctx: Context): unknown;
  postRevert?(ctx: Context): unknown;
}

/** A task; its name is its identity in the journal, so it is unique in the whole flow. */
export function task(name: string, options: PlainTask): TaskNode {
  const { requires, optional, inject, provides, revert } = options;
  const revertArgs = toRevertArgs(name, options);
  if (typeof options.execute !== "function") {
    throw new JobrunnerError("BAD_FLOW", `Task "${name}" has no execute function.`);
  }
  const rebind = toMapping(name, options);
  return {
    kind: "task",
    spec: {
      kind: "task",
      name,
      ...(requires !== undefined && { requires }),
      ...(optional !== undefined && { optional }),
      ...(rebind !== undefined && { rebind }),
      ...(inject !== undefined && { inject }),
      ...(provides !== undefined && { provides }),
      ...(revertArgs !== undefined && { revertArgs }),
      ...traits(options),
      reverts: revert !== undefined,
    },
    body: {
      execute: (args, ctx) =>
        between(() => options.execute(args, ctx), {
          before: () => options.preExecute?.(ctx),
          after: () => options.postExecute?.(ctx),
        }),
      ...(revert !== undefined && {
        revert: (args, undo, ctx) =>
          between(() => options.revert?.(args, undo, ctx), {
            before: () => options.preRevert?.(ctx),
            after: () => options.postRevert?.(ctx),
          }),
      }),
    },
  };
}

async function between(
  body: () => unknown,
  { before, after }: Record<"before" | "after", () => unknown>,
): Promise<unknown> {
  let result: unknown;
  try {
    await before();
    result = await body();
  } catch (first) {
    try {
      await after();
    } catch (second) {
      throw behind(second, first);
    }
    throw first;
  }
  await after();
  return result;
}

/** Both are needed to repair it: what the hook threw, and what the body had thrown before. */
function behind(second: unknown, first: unknown): unknown {
  const bare = second instanceof Error && second.cause === undefined;
  return bare ? Object.assign(second, { cause: first }) : second;
}

function toRevertArgs(name: string, options: PlainTask): TaskSpec["revertArgs"] {
  const { revertArgs, revertRequires: requires, revertRebind: rebind } = options;
  if (requires === undefined && rebind === undefined) return revertArgs;
  if (requires === undefined || revertArgs !== undefined) {
    const message = `Task "${name}": revertRebind goes with revertRequires, revertArgs with neither.`;
    throw new JobrunnerError("BAD_FLOW", message);
  }
  checkRebind(rebind, requires, `the revert of task "${name}"`);
  return { requires, ...(rebind !== undefined && { rebind }) };
}

function toMapping(name: string, options: PlainTask): Readonly<Record<string, string>> | undefined {
  const { rebind, requires = [], optional = [] } = options;
  if (!Array.isArray(rebind)) {
    const mapping = rebind as Readonly<Record<string, string>> | undefined;
    checkRebind(mapping, [...requires, ...optional], `task "${name}"`);
    return mapping;
  }
  const symbols: readonly string[] = rebind;
  if (symbols.length > requires.length) {
    const message = `Task "${name}": rebind has ${symbols.length} symbols for ${requires.length} arguments.`;
    throw new JobrunnerError("BAD_FLOW", message);
  }
  return Object.fromEntries(symbols.map((symbol, i) => [requires[i] ?? symbol, symbol]));
}

export interface PlainFlow {
  readonly retry?: RetryNode;
}

export interface PlainGraph extends PlainFlow {
  readonly links?: readonly LinkNode[];
  /** This child and its predecessors take part, the others do not. */
  readonly target?: string;
}

type Parts = readonly (TaskNode | FlowNode)[];

/** One after another. */
export function linear(name: string, children: Parts, options: PlainFlow = {}): FlowNode {
  return { kind: "flow", name, pattern: "linear", children, ...options };
}

/** All at once; the parts cannot see each other's results. */
export function unordered(name: string, children: Parts, options: PlainFlow = {}): FlowNode {
  return { kind: "flow", name, pattern: "unordered", children, ...options };
}

/** In the order of their data, and of explicit links. */
export function graph(name: string, children: Parts, options: PlainGraph = {}): FlowNode {
  return { kind: "flow", name, pattern: "graph", children, ...options };
}

export interface LinkOptions {
  /** False skips `to`, and as much after it as `depth` says. */
  readonly decider?: Decider;
  readonly depth?: Depth;
  /** True: a flow is skipped as one. TaskFlow, and false, count `depth` from its first task. */
  readonly whole?: boolean;
}

/** An explicit edge of a graph between two of its direct children. */
export function link(from: string, to: string, options: LinkOptions = {}): LinkNode {
  if (options.depth !== undefined && options.decider === undefined) {
    throw new JobrunnerError("BAD_FLOW", `Link ${from} -> ${to}: depth without a decider.`);
  }
  return { from, to, ...options };
}
