import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { JOB_STATES } from "../../agent/http/schemas/jobs.js";
import type { AgentState } from "../../common/wire.js";
import { keysUnder } from "../../config/schema.js";
import type { AtomState } from "../../engine/journal.js";
import { pages } from "../../scripts/reference/pages.js";

const DOCS = join(import.meta.dirname, "..", "..", "docs");

/** The compiler sees to it that none is missing. */
const ATOM_STATES: Readonly<Record<AtomState, true>> = {
  ...{ PENDING: true, RUNNING: true, SUCCESS: true, FAILURE: true, REVERTING: true },
  ...{ REVERTED: true, REVERT_FAILURE: true, RETRYING: true, IGNORE: true },
};
const AGENT_STATES: Readonly<Record<AgentState, true>> = {
  ...{ ready: true, paused: true, cordoned: true, draining: true, asleep: true },
  ...{ unreachable: true, gone: true },
};

function read(name: string): string {
  return readFileSync(join(DOCS, name), "utf8");
}

/** What the first cells of the tables under a heading name as code. */
function named(text: string, heading: string): readonly string[] {
  const section = text.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name = ""]) => name);
}

describe("the reference", () => {
  it("is what `npm run reference` writes", async () => {
    const made = await pages();

    expect(readdirSync(join(DOCS, "reference")).sort()).toEqual([...made.keys()].sort());
    for (const [name, text] of made) expect(read(`reference/${name}`), name).toBe(text);
  });

  it.each([
    ["Jobs", JOB_STATES],
    ["Atoms", Object.keys(ATOM_STATES)],
    ["Agents", Object.keys(AGENT_STATES)],
  ])("explains exactly the states there are: %s", (heading, states) => {
    expect(named(read("states.md"), heading)).toEqual(states);
  });

  it("explains exactly the settings there are", () => {
    const section = read("configuration.md").split("\n## Settings\n")[1] ?? "";
    const rows = [...(section.split("\n\n| board |")[0] ?? "").matchAll(/^\| (`.*?) \|/gm)];

    const explained = rows.flatMap(([, cell = ""]) => settingsIn(cell));

    // Kinds of board and persistence have tables of their own.
    const there = leaves([]).filter((key) => !/^(board|persistence)\./.test(key));
    expect(there.filter((key) => !explained.includes(key))).toEqual([]);
    expect(explained.filter((key) => !exists(key))).toEqual([]);
  });
});

/** `retention.days`, `.jobs`: the settings that a cell names. */
function settingsIn(cell: string): readonly string[] {
  const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
  const [first = ""] = names;
  const above = first.split(".").slice(0, -1).join(".");
  return names.map((name) => (name.startsWith(".") ? above + name : name));
}

function exists(key: string): boolean {
  const path = key.split(".");
  return keysUnder(path.slice(0, -1)).includes(path.at(-1) ?? "");
}

/** Every setting below a place that holds no others. */
function leaves(path: readonly string[]): readonly string[] {
  const below = keysUnder(path);
  if (below.length === 0) return [path.join(".")];
  return below.flatMap((key) => leaves([...path, key]));
}
