import type { NodeView } from "../../../common/wire.js";
import type { GraphFormat } from "../../options.js";
import type { Style } from "../style.js";
import { renderPlan } from "../tree-lines.js";
import { renderDot } from "./dot.js";
import { renderMermaid } from "./mermaid.js";

/** A flow as people see it at once: what it is made of, in which order, and what became of it. */
export function renderGraph(style: Style, format: GraphFormat, root: NodeView): string {
  switch (format) {
    case "text":
      return renderPlan(style, root);
    case "mermaid":
      return renderMermaid(root);
    case "dot":
      return renderDot(root);
  }
}
