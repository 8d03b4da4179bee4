import type {
  FlowSpec,
  LinkSpec,
  RetryController,
  RetrySpec,
  TaskSpec,
} from "../../../engine/flow.js";

/** Short words for flows in tests. */
export function task(name: string, more: Partial<TaskSpec> = {}): TaskSpec {
  return { kind: "task", name, ...more };
}

export function retry(controller: RetryController, more: Partial<RetrySpec> = {}): RetrySpec {
  return { kind: "retry", controller, ...more };
}

export type FlowMore = Partial<Omit<FlowSpec, "kind" | "name" | "pattern" | "children">>;

/** Children by name (tasks without further ado) or as written. */
type Children = readonly (string | TaskSpec | FlowSpec)[];

export function linear(name: string, children: Children, more: FlowMore = {}): FlowSpec {
  return flow("linear", name, { children, ...more });
}

export function unordered(name: string, children: Children, more: FlowMore = {}): FlowSpec {
  return flow("unordered", name, { children, ...more });
}

export function graph(name: string, children: Children, more: FlowMore = {}): FlowSpec {
  return flow("graph", name, { children, ...more });
}

export function link(from: string, to: string, more: Partial<LinkSpec> = {}): LinkSpec {
  return { from, to, ...more };
}

function flow(
  pattern: FlowSpec["pattern"],
  name: string,
  { children, ...more }: FlowMore & { readonly children: Children },
): FlowSpec {
  const whole = children.map((child) => (typeof child === "string" ? task(child) : child));
  return { kind: "flow", name, pattern, children: whole, ...more };
}
