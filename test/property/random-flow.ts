import type { Json } from "../../common/json.js";
import type {
  FlowSpec,
  LinkSpec,
  RetryController,
  RetrySpec,
  TaskSpec,
} from "../../engine/flow.js";
import type { Decision } from "../../engine/journal.js";
import type { Random } from "./random.js";

/** What the outside world does when an atom's body is called for the nth time, from 0. */
export interface BodyScript {
  readonly fails: (call: number) => boolean;
  readonly revertFails: (call: number) => boolean;
}

export interface RandomFlow {
  readonly spec: FlowSpec;
  readonly store: Readonly<Record<string, Json>>;
  readonly scripts: ReadonlyMap<string, BodyScript>;
  /** Bodies of custom retries. */
  readonly retries: ReadonlyMap<string, BodyScript>;
  /** Custom retries: what they say once they have tried twice; undefined = they throw. */
  readonly decisions: ReadonlyMap<string, Decision | undefined>;
  readonly deciders: ReadonlyMap<string, boolean>;
}

const DEPTH_MAX = 4;
const TASKS_MAX = 9;

export function randomFlow(random: Random): RandomFlow {
  const maker = new Maker(random);
  const spec = { ...maker.flow(1), ...(random.chance(0.5) && { deferReverts: true }) };
  return {
    spec,
    store: { list: [1, 2], p: "p" },
    scripts: maker.scripts,
    retries: maker.retries,
    decisions: maker.decisions,
    deciders: maker.deciders,
  };
}

class Maker {
  readonly scripts = new Map<string, BodyScript>();
  readonly retries = new Map<string, BodyScript>();
  readonly decisions = new Map<string, Decision | undefined>();
  readonly deciders = new Map<string, boolean>();
  readonly #random: Random;
  #names = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  flow(depth: number): FlowSpec {
    const random = this.#random;
    const name = `f${++this.#names}`;
    const pattern = random.pick(["linear", "linear", "unordered", "graph"] as const);
    const children: (TaskSpec | FlowSpec)[] = [];
    const wanted = random.whole(depth === 1 ? 2 : 0, 4);
    while (children.length < wanted && this.scripts.size < TASKS_MAX) {
      const nested = depth < DEPTH_MAX && random.chance(0.35);
      const before = pattern === "linear" ? children.at(-1) : undefined;
      children.push(nested ? this.flow(depth + 1) : this.#task(before));
    }
    return {
      ...{ kind: "flow", name, pattern, children },
      ...(random.chance(0.45) && { retry: this.#retry() }),
      ...(pattern === "graph" && { links: this.#links(children) }),
    };
  }

  #task(before: TaskSpec | FlowSpec | undefined): TaskSpec {
    const random = this.#random;
    const name = `t${++this.#names}`;
    const failing = random.chance(0.35) ? random.pick([1, 1, 2, 3, 99]) : 0;
    const from = random.whole(0, 1);
    const broken = random.chance(0.04);
    this.scripts.set(name, {
      fails: (call) => call >= from && call < from + failing,
      revertFails: () => broken,
    });
    const fed = before?.kind === "task" && random.chance(0.3);
    return {
      kind: "task",
      name,
      provides: `${name}.result`,
      priority: random.whole(0, 2),
      ...(fed && { requires: ["x"], rebind: { x: `${before.name}.result` } }),
      ...(random.chance(0.15) && { reverts: false }),
    };
  }

  #retry(): RetrySpec {
    const random = this.#random;
    const name = `r${++this.#names}`;
    const controller = this.#controller(name);
    const needsList = controller.type === "parameterizedForEach";
    return {
      kind: "retry",
      name,
      controller,
      ...(needsList && { requires: ["list"] }),
      ...(controller.type === "custom" && { reverts: true }),
      ...(random.chance(0.2) && { backoff: { delayMs: 50, factor: 2, jitter: 0.5 } }),
    };
  }

  #controller(name: string): RetryController {
    const random = this.#random;
    const revertAll = random.chance(0.3);
    const type = random.pick([
      "times",
      "times",
      "forEach",
      "parameterizedForEach",
      "alwaysRevert",
      "alwaysRevertAll",
      "custom",
    ] as const);
    switch (type) {
      case "times":
        return { type, attempts: random.whole(1, 3), revertAll };
      case "forEach":
        return { type, values: random.pick([[1, 2], [1], [1, 1]]), revertAll };
      case "parameterizedForEach":
        return { type, values: "list", revertAll };
      case "custom":
        this.decisions.set(name, random.pick(["REVERT", "REVERT_ALL", undefined]));
        this.retries.set(name, this.#ownRetry());
        return { type };
      case "alwaysRevert":
      case "alwaysRevertAll":
        return { type };
    }
  }

  #ownRetry(): BodyScript {
    const failing = this.#random.chance(0.3) ? this.#random.whole(0, 2) : -1;
    const broken = this.#random.chance(0.2);
    return { fails: (call) => call === failing, revertFails: () => broken };
  }

  #links(children: readonly (TaskSpec | FlowSpec)[]): readonly LinkSpec[] {
    const random = this.#random;
    const links: LinkSpec[] = [];
    children.forEach((to, index) => {
      for (const from of children.slice(0, index)) {
        if (random.chance(0.5)) links.push({ from: from.name, to: to.name, ...this.#decider() });
      }
    });
    return links;
  }

  #decider(): Pick<LinkSpec, "decider" | "depth" | "whole"> {
    const random = this.#random;
    if (!random.chance(0.4)) return {};
    const decider = `d${++this.#names}`;
    this.deciders.set(decider, random.chance(0.5));
    const depth = random.pick(["ALL", "FLOW", "NEIGHBORS", "ATOM"] as const);
    return { decider, depth, whole: random.chance(0.3) };
  }
}
