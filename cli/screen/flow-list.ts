import type { FlowsView, FlowView } from "../../common/wire.js";
import type { Style } from "./style.js";
import { renderTable, renderTabs } from "./table.js";
import { clean } from "./text.js";

/** `jobrunner flows`. */
export function renderFlows(style: Style, flows: FlowsView): string {
  const rows = flows.items.map((flow) => {
    const { name, version, summary, file } = flow;
    const more = style.wide ? [parametersText(flow)] : [];
    return [name, `v${version}`, summary, file, ...more].map((text) => ({ text }));
  });
  if (!style.tty) return renderTabs(rows);
  const columns = [
    { title: "FLOW" },
    { title: "VERSION" },
    { title: "SUMMARY", flexible: true },
    { title: "FILE", flexible: true, keepsEnd: true },
    ...(style.wide ? [{ title: "PARAMETERS" }] : []),
  ];
  return renderTable(style, columns, rows);
}

/** `root port mode`; what must be given comes first, with a star. */
function parametersText({ schema }: FlowView): string {
  const { properties, required } = schema;
  const musts: readonly unknown[] = Array.isArray(required) ? required : [];
  const names = typeof properties === "object" && properties !== null ? properties : {};
  const starred = Object.keys(names).map((name) => (musts.includes(name) ? `${name}*` : name));
  return starred.sort((a, b) => Number(b.endsWith("*")) - Number(a.endsWith("*"))).join(" ");
}

/** Plugins that did not load, one line each: where and why. */
export function problemLines(flows: FlowsView): readonly string[] {
  return flows.problems.map(({ file, line, column, message }) => {
    const at = [file, line, column].filter((part) => part !== undefined).join(":");
    return clean(`${at}: ${message}`);
  });
}

/** The flows as `post --help` lists them. */
export function renderFlowsHelp(flows: FlowsView): string {
  const width = Math.max(0, ...flows.items.map(({ name }) => name.length));
  const lines = flows.items.map(
    ({ name, summary }) => `  ${name.padEnd(width)}  ${clean(summary)}`,
  );
  return lines.length === 0 ? "  (no flow is loaded)" : lines.join("\n");
}
