import type { NodeView } from "../../../common/wire.js";
import { FILLS, INK, PLAIN_FILL } from "./colours.js";
import { type Edge, type Figure, toDrawing } from "./drawing.js";

/** The flow in the language of Graphviz: `jobrunner show JOB --graph dot | dot -Tsvg`. */
export function renderDot(root: NodeView): string {
  const { root: frame, edges } = toDrawing(root);
  return [
    `digraph ${quote(frame.label.slice(0, 1))} {`,
    "  compound=true; rankdir=LR;",
    `  node [shape=box, style="rounded,filled", fillcolor="${PLAIN_FILL}", fontcolor="${INK}"];`,
    ...figureLines(frame, "  "),
    ...edges.map((edge) => `  ${edgeLine(edge)}`),
    "}",
  ].join("\n");
}

function figureLines({ id, label, state = "", inside }: Figure, indent: string): readonly string[] {
  if (inside === undefined) {
    const fill = FILLS[state];
    const colour = fill === undefined ? "" : `, fillcolor="${fill}"`;
    return [`${indent}${id} [label=${quote(label)}${colour}];`];
  }
  return [
    `${indent}subgraph cluster_${id} {`,
    `${indent}  label=${quote(label)}; style=rounded;`,
    ...inside.flatMap((figure) => figureLines(figure, `${indent}  `)),
    `${indent}}`,
  ];
}

/** Graphviz joins boxes only: an edge of a frame is one of a box in it, cut off at the frame. */
function edgeLine({ from, to, label }: Edge): string {
  const facts = [
    ...(label === undefined ? [] : [`label=${quote([`if ${label}`])}`]),
    ...(from.inside === undefined ? [] : [`ltail=cluster_${from.id}`]),
    ...(to.inside === undefined ? [] : [`lhead=cluster_${to.id}`]),
  ];
  const rest = facts.length === 0 ? "" : ` [${facts.join(", ")}]`;
  return `${boxOf(from, -1)} -> ${boxOf(to, 0)}${rest};`;
}

function boxOf({ id, inside = [] }: Figure, place: 0 | -1): string {
  const figure = inside.at(place);
  return figure === undefined ? id : boxOf(figure, place);
}

function quote(lines: readonly string[]): string {
  const escaped = lines.map((line) => line.replaceAll(/["\\]/g, String.raw`\$&`));
  return `"${escaped.join(String.raw`\n`)}"`;
}
