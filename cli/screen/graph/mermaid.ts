import type { NodeView } from "../../../common/wire.js";
import { FILLS, INK, PLAIN_FILL } from "./colours.js";
import { type Edge, type Figure, toDrawing } from "./drawing.js";

/** A flowchart for pages that draw Mermaid: READMEs, wikis, issue trackers. */
export function renderMermaid(root: NodeView): string {
  const { root: frame, edges } = toDrawing(root);
  const states = [...new Set(statesOf(frame))].sort();
  return [
    "flowchart LR",
    ...figureLines(frame, "  "),
    ...edges.map((edge) => `  ${edgeLine(edge)}`),
    ...states.map((state) => {
      const fill = FILLS[state] ?? PLAIN_FILL;
      return `  classDef ${state} fill:${fill},stroke:${INK},color:${INK}`;
    }),
  ].join("\n");
}

function figureLines({ id, label, state, inside }: Figure, indent: string): readonly string[] {
  if (inside === undefined) {
    return [`${indent}${id}[${quote(label)}]${state === undefined ? "" : `:::${state}`}`];
  }
  return [
    `${indent}subgraph ${id}[${quote(label)}]`,
    ...inside.flatMap((figure) => figureLines(figure, `${indent}  `)),
    `${indent}end`,
  ];
}

function edgeLine({ from, to, label }: Edge): string {
  const text = label === undefined ? "" : `|${quote([`if ${label}`])}|`;
  return `${from.id} -->${text} ${to.id}`;
}

function statesOf({ state, inside = [] }: Figure): readonly string[] {
  return [...(state === undefined ? [] : [state]), ...inside.flatMap(statesOf)];
}

/** What Mermaid, or HTML or Markdown inside of it, would take for its own is spelled as a number. */
function quote(lines: readonly string[]): string {
  const escaped = lines.map((line) =>
    line.replaceAll(/["#&<>`]/g, (sign) => `#${sign.charCodeAt(0)};`),
  );
  return `"${escaped.join("<br/>")}"`;
}
