import type { NodeView } from "../../../common/wire.js";
import { clean } from "../text.js";
import { retryText } from "../tree-lines.js";

/** A flow ready to be drawn: ids that no language of graphs takes for something else. */
export interface Drawing {
  readonly root: Figure;
  readonly edges: readonly Edge[];
}

/** A box for an atom, or a frame around those of a flow. */
export interface Figure {
  readonly id: string;
  /** Lines, cleaned of what a terminal obeys and not escaped for any language. */
  readonly label: readonly string[];
  readonly state?: string | undefined;
  /** Of frames; one that holds nothing is drawn as a box. */
  readonly inside?: readonly Figure[];
}

export interface Edge {
  readonly from: Figure;
  readonly to: Figure;
  /** Whether a decider is asked. */
  readonly label?: string;
}

export function toDrawing(root: NodeView): Drawing {
  const edges: Edge[] = [];
  let count = 0;
  return { root: draw(root), edges };

  function draw(node: NodeView): Figure {
    const id = `n${count}`;
    count += 1;
    if (node.kind !== "flow") return { id, label: atomLabel(node), state: node.state };
    const children = node.children ?? [];
    // A retry is told in the title of its flow, as in the tree.
    const figures = children.map((child) => (child.kind === "retry" ? undefined : draw(child)));
    connect(node, figures, edges);
    const inside = figures.filter((figure) => figure !== undefined);
    return { id, label: flowLabel(node), ...(inside.length === 0 ? {} : { inside }) };
  }
}

function connect(
  { pattern, links = [] }: NodeView,
  figures: readonly (Figure | undefined)[],
  edges: Edge[],
): void {
  const join = (from: Figure | undefined, to: Figure | undefined, label?: string): void => {
    if (from === undefined || to === undefined) return;
    edges.push({ from, to, ...(label === undefined ? {} : { label }) });
  };
  for (const { from, to, decider } of links) join(figures[from], figures[to], decider);
  if (pattern !== "linear") return;
  const row = figures.filter((figure) => figure !== undefined);
  row.forEach((figure, place) => join(row[place - 1], figure));
}

function flowLabel({ name, pattern, children = [] }: NodeView): readonly string[] {
  const retry = children.find(({ kind }) => kind === "retry");
  const again = retry === undefined ? [] : [`retry ${retryText(retry)}`];
  return [`${pattern ?? "flow"} ${name}`, ...again].map(clean);
}

function atomLabel({ name, state, attempts = [] }: NodeView): readonly string[] {
  if (state === undefined) return [clean(name)];
  const tries = attempts.length > 1 ? `, try ${attempts.length}` : "";
  return [clean(name), clean(`${state}${tries}`)];
}
