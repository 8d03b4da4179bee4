import { at } from "../../common/at.js";
import { formatDuration } from "../../common/text/duration.js";
import type { LinkView, NodeView } from "../../common/wire.js";
import { SymbolTable } from "../../engine/compile/symbols.js";
import type { Backoff, FlowSpec, RetrySpec, TaskSpec } from "../../engine/flow.js";

/** What is known of one atom while or after its flow ran. */
export type AtomPart = Pick<NodeView, "state" | "attempts" | "result" | "kept" | "progress">;

/** The flow as people think of it; `atoms` adds what has become of each. */
export function toTree(spec: FlowSpec, atoms: ReadonlyMap<string, AtomPart> = new Map()): NodeView {
  return flowNode(spec, { atoms, table: new SymbolTable() });
}

interface Drawing {
  readonly atoms: ReadonlyMap<string, AtomPart>;
  readonly table: SymbolTable;
}

function flowNode(spec: FlowSpec, drawing: Drawing): NodeView {
  const { atoms, table } = drawing;
  const retry = spec.retry === undefined ? [] : [retryNode(spec, spec.retry, atoms)];
  const children = spec.children.map((child) =>
    child.kind === "flow" ? flowNode(child, drawing) : taskNode(child, atoms),
  );
  const { kind, name, pattern } = spec;
  const links = pattern === "graph" ? linksOf(spec, table, retry.length) : [];
  return {
    ...{ kind, name, pattern, children: [...retry, ...children] },
    ...(links.length === 0 ? {} : { links }),
  };
}

/** As the engine follows them; `shift`: how many children of the view are none of the flow's. */
function linksOf(spec: FlowSpec, table: SymbolTable, shift: number): readonly LinkView[] {
  const { children, before, deciders } = table.graph(spec);
  const written = new Map(spec.children.map((child, place) => [child, place + shift]));
  const places = children.map((child) => written.get(child) ?? 0);
  const votes = new Map(deciders.map(({ from, to, decider }) => [`${from} ${to}`, decider]));
  return before.flatMap((sources, to) =>
    [...sources]
      .sort((a, b) => a - b)
      .map((from) => {
        const decider = votes.get(`${from} ${to}`);
        return {
          ...{ from: at(places, from), to: at(places, to) },
          ...(decider === undefined ? {} : { decider }),
        };
      }),
  );
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
