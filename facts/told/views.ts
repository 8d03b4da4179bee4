import type { Json } from "../../common/json.js";
import type { FactView, SnapshotView } from "../../common/wire/facts.js";
import type { Fact, FactName, Snapshot } from "../fact.js";

const UNITS: { readonly [N in FactName]?: "bytes" | "percent" } = {
  ...{ memory_total: "bytes", memory_free: "bytes", disk_free: "bytes", battery: "percent" },
};

/** Facts as programs read them: exact, with their units, the unknown ones with the reason. */
export function factViews(snapshot: Snapshot): SnapshotView {
  const views = Object.entries(snapshot).map(([name, fact]) => {
    return [name, viewOf(fact, UNITS[name as FactName])] as const;
  });
  return Object.fromEntries(views);
}

/** Values of facts are JSON, every one. */
function viewOf(fact: Fact<unknown>, unit: "bytes" | "percent" | undefined): FactView {
  if ("unknown" in fact) return { unknown: fact.unknown };
  const at = new Date(fact.at).toISOString();
  return { value: fact.known as Json, ...(unit === undefined ? {} : { unit }), at };
}
