import { formatDuration } from "../../common/text/duration.js";
import type { NodeView } from "../../common/wire.js";
import type { Backoff, FlowSpec, RetrySpec, TaskSpec } from "../../engine/flow.js";

/** What is known of one atom while or after its flow ran. */
export type AtomPart = Pick<NodeView, "state" | "attempts" | "result" | "kept" | "progress">;

/** The flow as people think of it; `atoms` adds what has become of each. */
export function toTree(spec: FlowSpec, atoms: ReadonlyMap<string, AtomPart> = new Map()): NodeView {
  const retry = spec.retry === undefined ? [] : [retryNode(spec, spec.retry, atoms)];
  const children = spec.children.map((child) =>
    child.kind === "flow" ? toTree(child, atoms) : taskNode(child, atoms),
  );
  const { kind, name, pattern } = spec;
  return { kind, name, pattern, children: [...retry, ...children] };
}

function taskNode({ kind, name }: TaskSpec, atoms: ReadonlyMap<string, AtomPart>): NodeView {
  return { kind, name, ...atoms.get(name) };
}

function retryNode(
  flow: FlowSpec,
  retry: RetrySpec,
  atoms: ReadonlyMap<string, AtomPart>,
): NodeView {
  const name = retry.name ?? `${flow.name}_retry`;
  return { kind: retry.kind, name, detail: retryDetail(retry), ...atoms.get(name) };
}

/** `times(10), 5s apart`; of delays that grow `1s to 1m apart`, or `1s apart and more`. */
function retryDetail({ controller, backoff }: RetrySpec): string {
  const pause = backoff === undefined ? "" : `, ${apart(backoff)}`;
  switch (controller.type) {
    case "times":
      return `times(${controller.attempts})${pause}`;
    case "forEach":
      return `forEach(${controller.values.length} values)${pause}`;
    case "parameterizedForEach":
      return `forEach(${controller.values ?? "values"})${pause}`;
    case "alwaysRevert":
    case "alwaysRevertAll":
    case "custom":
      return controller.type;
  }
}

function apart({ delayMs, factor = 1, maxMs }: Backoff): string {
  const first = formatDuration(delayMs);
  if (factor === 1) return `${first} apart`;
  return maxMs === undefined
    ? `${first} apart and more`
    : `${first} to ${formatDuration(maxMs)} apart`;
}
