import type { CapabilityTestView, CapabilityView } from "../../../common/wire/system.js";
import type { Style } from "../style.js";
import { renderTable, renderTabs } from "../table.js";
import { clean, wrap } from "../text.js";
import { span } from "../time.js";
import { othersRow, renderVerdicts, requirementRows } from "../why/why.js";

/** `jobrunner capabilities`. */
export function renderCapabilities(style: Style, items: readonly CapabilityView[]): string {
  const rows = items.map((item) => {
    const more = style.wide ? [item.needs.join(" "), item.cost, keptFor(item)] : [];
    return [writtenAs(item), item.summary, sourceOf(item), ...more].map((text) => ({ text }));
  });
  if (!style.tty) return renderTabs(rows);
  const columns = [
    { title: "CAPABILITY" },
    { title: "IS SO WHEN", flexible: true },
    { title: "FROM", flexible: true, keepsEnd: true },
    ...(style.wide ? ["LOOKS AT", "COST", "HOLDS"].map((title) => ({ title })) : []),
  ];
  return renderTable(style, columns, rows);
}

/** `jobrunner capabilities NAME`. */
export function renderCapability(style: Style, item: CapabilityView): string {
  if (!style.tty) return renderCapabilities({ ...style, wide: true }, [item]);
  const alone = item.exclusive ? ["held for one job of the machine at a time"] : [];
  return [
    `${style.paint("bold", clean(writtenAs(item)))}   ${clean(sourceOf(item))}`,
    ...wrap(clean(item.summary), style.columns),
    `looks at ${clean(item.needs.join(", ") || "the machine itself")}`,
    [`${item.cost} to ask`, `an answer holds ${keptFor(item)}`, ...alone].join(", "),
  ].join("\n");
}

/** `jobrunner capability test NAME`. */
export function renderTest(style: Style, test: CapabilityTestView, now: number): string {
  const { agents, note } = test;
  if (style.tty) {
    const others = note === undefined ? [] : [wrap(clean(note), style.columns).join("\n")];
    return [renderVerdicts(style, agents, now), ...others].join("\n\n");
  }
  const others = note === undefined ? [] : [othersRow(note)];
  const rows = [...requirementRows(agents), ...others];
  return renderTabs(rows.map((row) => row.map((text) => ({ text }))));
}

/** As `--require` takes it. */
function writtenAs({ name, usage }: CapabilityView): string {
  return usage === "" ? name : `${name}(${usage})`;
}

function sourceOf({ file }: CapabilityView): string {
  return file ?? "built in";
}

function keptFor({ cacheMs }: CapabilityView): string {
  return cacheMs === undefined ? "as long as the agent runs" : span(cacheMs);
}
