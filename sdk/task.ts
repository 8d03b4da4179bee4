import { JobrunnerError } from "../common/error.js";
import type { Json } from "../common/json.js";
import type { TaskSpec } from "../engine/flow.js";
import { bindInputs } from "./bind.js";
import type { Context, Undo } from "./context.js";
import type { JsonSafe } from "./json-safe.js";
import type { TaskBody, TaskNode } from "./node.js";
import { type Inputs, type Ref, targetOf, type ValuesOf } from "./ref.js";
import { type Duration, toMs } from "./retry.js";

/** How a task behaves, whatever it does. */
export interface TaskTraits {
  /** Among tasks that are ready together the higher starts first; default 0. */
  readonly priority?: number;
  /** For one call of execute or revert; then the body is aborted and counts as failed. */
  readonly timeLimit?: Duration;
  /** True when being aborted and run again is its normal way to move, such as a server. */
  readonly interruptible?: boolean;
}

/** A condition under which a task takes part: a reference to a boolean, or a question. */
export type When<I> = Ref<boolean> | ((input: ValuesOf<I>) => boolean);

export interface TaskOptions<I extends Inputs, Out> extends TaskTraits {
  /** References and constants by argument name. */
  readonly in?: I;
  /** Does the work. It may be started again after a crash: bring about a state, do not toggle. */
  execute(input: ValuesOf<I>, ctx: Context): Out | Promise<Out>;
  /** Undoes it, also when it failed half-way or nobody knows how far it came. */
  revert?(input: ValuesOf<I>, undo: Undo<NoInfer<Out>>, ctx: Context): unknown;
}

/** A task that several flows share; `f.use` puts it into one. */
export interface SharedTask<In, Out> extends TaskTraits {
  execute(input: In, ctx: Context): Out | Promise<Out>;
  revert?(input: In, undo: Undo<NoInfer<Out>>, ctx: Context): unknown;
}

/** A task apart from any flow; its input type is that of `execute`'s first parameter. */
export function defineTask<In, Out>(
  task: SharedTask<In, Out & JsonSafe<Out>>,
): SharedTask<In, Out> {
  return task;
}

/** The symbol under which a builder task's result is found. */
export function resultSymbol(atom: string): string {
  return `${atom}.result`;
}

interface AnyTask extends TaskTraits {
  readonly in?: Readonly<Record<string, unknown>>;
  execute(input: never, ctx: Context): unknown;
  revert?(input: never, undo: never, ctx: Context): unknown;
}

/** A task of the builder: its result is provided as `<atom>.result`. */
export function toTaskNode(name: string, options: AnyTask): TaskNode {
  const { execute, revert } = options;
  if (typeof execute !== "function") {
    throw new JobrunnerError("BAD_FLOW", `Task "${name}" has no execute function.`);
  }
  const bound = bindInputs(options.in ?? {}, `task "${name}"`);
  const spec: TaskSpec = {
    kind: "task",
    name,
    ...boundSpec(bound),
    ...traits(options),
    provides: resultSymbol(name),
    reverts: revert !== undefined,
  };
  const body: TaskBody = {
    // The types of `in` and `execute` were matched where the author wrote them.
    execute: (args, ctx) => execute.call(options, bound.read(args) as never, ctx),
    read: (args) => bound.read(args),
    ...(revert !== undefined && {
      revert: (args, undo, ctx) =>
        revert.call(options, bound.read(args) as never, undo as never, ctx),
    }),
  };
  return { kind: "task", spec, body };
}

/** The hidden task that finds out whether a task with `when` takes part. */
export function toAskNode(name: string, when: unknown, inputs: Readonly<Record<string, unknown>>) {
  const target = targetOf(when);
  if (target !== undefined) {
    return toTaskNode(name, {
      in: { when },
      execute: ({ when: answer }: { readonly when?: Json }) => answer === true,
    });
  }
  if (typeof when !== "function") {
    throw new JobrunnerError("BAD_FLOW", `${name}: wants a reference to a boolean or a function.`);
  }
  return toTaskNode(name, {
    in: inputs,
    execute(input: Readonly<Record<string, Json>>) {
      const answer: unknown = when(input);
      if (typeof answer === "boolean") return answer;
      throw new JobrunnerError("BAD_FLOW", `${name} answered neither true nor false.`);
    },
  });
}

/** Traits in the engine's words; also checks what plain JavaScript authors may get wrong. */
export function traits(options: TaskTraits): Partial<TaskSpec> {
  const { priority, timeLimit, interruptible } = options;
  return {
    ...(priority !== undefined && { priority }),
    ...(timeLimit !== undefined && { timeoutMs: toMs(timeLimit, "timeLimit") }),
    ...(interruptible !== undefined && { interruptible }),
  };
}

function boundSpec(bound: ReturnType<typeof bindInputs>): Partial<TaskSpec> {
  return {
    ...(bound.requires.length > 0 && { requires: bound.requires }),
    ...(bound.optional.length > 0 && { optional: bound.optional }),
    ...(bound.follows.length > 0 && { follows: bound.follows }),
    ...(Object.keys(bound.rebind).length > 0 && { rebind: bound.rebind }),
    ...(Object.keys(bound.inject).length > 0 && { inject: bound.inject }),
  };
}
