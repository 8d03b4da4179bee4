import type { FlowView } from "../../common/wire.js";
import type { Style } from "./style.js";
import { renderTable, renderTabs } from "./table.js";
import { clean, wrap } from "./text.js";

/** What is told of a parameter: how it is given, and what for. */
export interface ParameterLine {
  readonly property: string;
  readonly flag: string;
  readonly placeholder: string;
  readonly help: string;
}

/** `jobrunner flow show FLOW`. */
export function renderFlow(
  style: Style,
  flow: FlowView,
  parameters: readonly ParameterLine[],
): string {
  const { name, version, summary, file } = flow;
  if (!style.tty) {
    const head = [name, `v${version}`, summary, file];
    const rows = parameters.map(({ property, flag, help }) => [property, flag, help]);
    return renderTabs([head, ...rows].map((row) => row.map((text) => ({ text }))));
  }
  const rows = parameters.map(({ flag, placeholder, help }) => [
    { text: `${flag} ${placeholder}`.trimEnd() },
    { text: help },
  ]);
  const columns = [{ title: "PARAMETER" }, { title: "IS", flexible: true }];
  return [
    `${style.paint("bold", clean(name))}   v${version}`,
    ...wrap(clean(summary), style.columns),
    `from ${clean(file)}`,
    "",
    rows.length === 0 ? "It takes no parameters." : renderTable(style, columns, rows),
  ].join("\n");
}
