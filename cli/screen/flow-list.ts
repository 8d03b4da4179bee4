import type { FlowsView } from "../../common/wire.js";
import type { Style } from "./style.js";
import { renderTable, renderTabs } from "./table.js";
import { clean } from "./text.js";

/** `jobrunner flows`. */
export function renderFlows(style: Style, flows: FlowsView): string {
  const rows = flows.items.map(({ name, version, summary, file }) =>
    [name, `v${version}`, summary, file].map((text) => ({ text })),
  );
  if (!style.tty) return renderTabs(rows);
  const columns = [
    { title: "FLOW" },
    { title: "VERSION" },
    { title: "SUMMARY", flexible: true },
    { title: "FILE", flexible: true, keepsEnd: true },
  ];
  return renderTable(style, columns, rows);
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
