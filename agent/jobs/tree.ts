import { formatDuration } from "../../common/text/duration.js";
import type { NodeView } from "../../common/wire.js";
import type { FlowSpec, RetrySpec, TaskSpec } from "../../engine/flow.js";

/** What is known of one atom while or after its flow ran. */
export type AtomPart = Pick<NodeView, "state" | "attempts" | "result" | "progress">;

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

/** `times(10), 5s apart`. */
function retryDetail({ controller, backoff }: RetrySpec): string {
  const pause = backoff === undefined ? "" : `, ${formatDuration(backoff.delayMs)} apart`;
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
