import type { NodeView } from "../../common/wire.js";
import { stateCell, type Style } from "./style.js";
import { clean } from "./text.js";

/** A node of a flow's tree with the branch that leads to it, in the order it is printed. */
export interface TreeLine {
  /** `│  ├─ `, empty for the root. */
  readonly branch: string;
  /** What stands before further lines about the same node. */
  readonly below: string;
  readonly node: NodeView;
  /** The retry that watches over this flow. */
  readonly retry?: NodeView;
  /** Parts of its graph that it has to wait for, in words. */
  readonly after?: string;
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

  function visit(node: NodeView, at: Omit<TreeLine, "node" | "retry">): void {
    const children = (node.children ?? []).filter(({ kind }) => kind !== "retry");
    const retry = node.children?.find(({ kind }) => kind === "retry");
    const open = children.length > 0 ? rails.pipe : UNDER_NAME;
    const after = afterTexts(node);
    lines.push({ ...at, below: at.below + open, node, ...(retry === undefined ? {} : { retry }) });
    children.forEach((child, index) => {
      const last = index === children.length - 1;
      visit(child, {
        branch: at.below + (last ? rails.corner : rails.tee),
        below: at.below + (last ? rails.blank : rails.pipe),
        ...(after.has(child) ? { after: after.get(child) ?? "" } : {}),
      });
    });
  }
}

/** What each child of a graph has to wait for: `a, b if wanted`. */
function afterTexts({ children = [], links = [] }: NodeView): ReadonlyMap<NodeView, string> {
  const texts = new Map<NodeView, string>();
  for (const { from, to, decider } of links) {
    const [source, target] = [children[from], children[to]];
    if (source === undefined || target === undefined) continue;
    const text = decider === undefined ? source.name : `${source.name} if ${decider}`;
    const before = texts.get(target);
    texts.set(target, before === undefined ? text : `${before}, ${text}`);
  }
  return texts;
}

/** A flow drawn as a tree, with the states of its atoms when it is a job's. */
export function renderPlan(style: Style, root: NodeView): string {
  return treeLines(style, root)
    .map(({ branch, node, retry, after }) => {
      const facts = [
        ...(node.state === undefined ? [] : [node.state]),
        ...(after === undefined ? [] : [`after ${after}`]),
        ...(retry === undefined ? [] : [`retry ${retryText(retry)}`]),
      ].map((fact) => `  ${style.paint("dim", clean(fact))}`);
      return `${style.paint("dim", branch)}${headOf(style, node)}${facts.join("")}`;
    })
    .join("\n");
}

/** A flow with its pattern, an atom with the sign of its state. */
function headOf(style: Style, { kind, name, pattern, state }: NodeView): string {
  if (kind === "flow") return `${pattern ?? "flow"} ${clean(name)}`;
  if (state === undefined) return clean(name);
  const { text, paint } = stateCell(style, state);
  return `${paint(text.split(" ")[0] ?? "")} ${clean(name)}`;
}

export function retryText(retry: NodeView): string {
  return retry.detail ?? retry.name;
}
