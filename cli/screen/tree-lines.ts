import type { NodeView } from "../../common/wire.js";
import type { Style } from "./style.js";

/** A node of a flow's tree with the branch that leads to it, in the order it is printed. */
export interface TreeLine {
  /** `│  ├─ `, empty for the root. */
  readonly branch: string;
  /** What stands before further lines about the same node. */
  readonly below: string;
  readonly node: NodeView;
  /** The retry that watches over this flow. */
  readonly retry?: NodeView;
}

interface Rails {
  readonly tee: string;
  readonly corner: string;
  readonly pipe: string;
  readonly blank: string;
}

/** Lines about an atom begin under its name, behind its sign. */
const UNDER_NAME = "  ";

const UNICODE: Rails = { tee: "├─ ", corner: "└─ ", pipe: "│  ", blank: "   " };
const ASCII: Rails = { tee: "|- ", corner: "`- ", pipe: "|  ", blank: "   " };

/** A flow's retry is told on the flow's own line, not as a child: that is how people think of it. */
export function treeLines(style: Style, root: NodeView): readonly TreeLine[] {
  const rails = style.unicode ? UNICODE : ASCII;
  const lines: TreeLine[] = [];
  visit(root, { branch: "", below: "" });
  return lines;

  function visit(node: NodeView, at: { branch: string; below: string }): void {
    const children = (node.children ?? []).filter(({ kind }) => kind !== "retry");
    const retry = node.children?.find(({ kind }) => kind === "retry");
    const open = children.length > 0 ? rails.pipe : UNDER_NAME;
    lines.push({ ...at, below: at.below + open, node, ...(retry === undefined ? {} : { retry }) });
    children.forEach((child, index) => {
      const last = index === children.length - 1;
      visit(child, {
        branch: at.below + (last ? rails.corner : rails.tee),
        below: at.below + (last ? rails.blank : rails.pipe),
      });
    });
  }
}

/** The tree of a flow that is not running: `--hierarchy` and `--dry-run`. */
export function renderPlan(style: Style, root: NodeView): string {
  return treeLines(style, root)
    .map(({ branch, node, retry }) => {
      const rail = style.paint("dim", branch);
      const pattern = node.kind === "flow" ? `${node.pattern ?? "flow"} ` : "";
      const again =
        retry === undefined ? "" : `  ${style.paint("dim", `retry ${retryText(retry)}`)}`;
      return `${rail}${pattern}${node.name}${again}`;
    })
    .join("\n");
}

export function retryText(retry: NodeView): string {
  return retry.detail ?? retry.name;
}
