import type { Import } from "./imports.js";

/**
 * Who may import whom: the table of ARCHITECTURE.md. The longest `from` that fits a file decides;
 * a file that fits none, and an import that no entry of `may` allows, break the rule.
 *
 * An entry of `may` is a file, a folder (`common/`), `node:*`, one `node:` module or `npm:<name>`.
 * `type:` before it allows its types only, `dynamic:` an import() or its types only.
 */
interface Arrow {
  readonly from: string;
  readonly may: readonly string[];
}

export const ARROWS: readonly Arrow[] = [
  { from: "common/", may: ["common/"] },
  { from: "engine/", may: ["engine/", "common/"] },
  { from: "sqlite/", may: ["sqlite/", "common/", "node:*", "npm:knex", "dynamic:npm:libsql"] },
  { from: "consul/", may: ["consul/", "common/", "node:*", "npm:consul"] },
  { from: "mysql/", may: ["mysql/", "common/", "node:*", "npm:knex", "npm:mysql2"] },
  { from: "boards/board.ts", may: ["common/"] },
  { from: "boards/hint.ts", may: [] },
  {
    from: "boards/open.ts",
    may: [
      "boards/board.ts",
      "dynamic:boards/embedded/",
      "dynamic:boards/redis/",
      "dynamic:boards/consul/",
      "common/",
    ],
  },
  {
    from: "boards/embedded/",
    may: ["boards/embedded/", "boards/board.ts", "sqlite/", "common/", "node:*", "npm:uuid"],
  },
  {
    from: "boards/redis/",
    may: ["boards/redis/", "boards/board.ts", "boards/hint.ts", "common/", "node:*", "npm:ioredis"],
  },
  {
    from: "boards/consul/",
    may: ["boards/consul/", "boards/board.ts", "consul/", "common/", "node:*"],
  },
  {
    from: "persistence/",
    may: [
      "persistence/",
      "type:engine/",
      "engine/migration/renaming.ts",
      "sqlite/",
      "mysql/",
      "common/",
      "node:*",
      "npm:knex",
      "npm:uuid",
    ],
  },
  {
    from: "persistence/persistence.ts",
    may: [
      "type:engine/",
      "type:persistence/flow-control/port.ts",
      "type:persistence/hooks/port.ts",
      "type:persistence/logs/port.ts",
      "type:persistence/migrations/port.ts",
      "type:persistence/posting/port.ts",
      "type:persistence/schedules/port.ts",
      "type:persistence/turns/port.ts",
      "type:persistence/verbs/port.ts",
      "common/",
    ],
  },
  { from: "persistence/verbs/port.ts", may: ["type:persistence/hooks/port.ts", "common/"] },
  { from: "persistence/hooks/port.ts", may: ["common/"] },
  { from: "cluster/membership.ts", may: [] },
  { from: "cluster/", may: ["cluster/", "common/", "node:*"] },
  { from: "cluster/consul/", may: ["cluster/", "consul/", "common/", "node:*"] },
  {
    from: "config/",
    may: [
      "config/",
      "facts/overrides.ts",
      "capabilities/",
      "common/",
      "node:*",
      "npm:yaml",
      "npm:zod",
    ],
  },
  { from: "power/", may: ["power/", "node:*"] },
  { from: "facts/", may: ["facts/", "common/", "node:*"] },
  { from: "capabilities/", may: ["capabilities/", "type:facts/", "common/", "node:*"] },
  {
    from: "sdk/",
    may: ["sdk/", "engine/", "capabilities/", "type:facts/", "common/", "node:*", "npm:zod"],
  },
  {
    // Puts an agent's parts together in memory, as cli/compose.ts does for real.
    from: "sdk/testing/",
    may: [
      "sdk/",
      "engine/",
      "agent/flow-hash.ts",
      "agent/owner/job-control.ts",
      "agent/owner/ownership.ts",
      "agent/runner/host/body-context.ts",
      "agent/runner/host/call.ts",
      "type:agent/runner/messages.ts",
      "persistence/committer.ts",
      "persistence/open.ts",
      "type:persistence/persistence.ts",
      "common/",
      "node:*",
    ],
  },
  { from: "flows/", may: ["flows/", "sdk/index.ts", "node:*"] },
  {
    from: "agent/",
    may: [
      "agent/",
      "engine/",
      "boards/board.ts",
      "persistence/persistence.ts",
      "persistence/committer.ts",
      "capabilities/",
      "cluster/membership.ts",
      "power/power.ts",
      "config/config.ts",
      "config/state-directory.ts",
      "facts/facts.ts",
      "facts/fact.ts",
      "facts/told/",
      "facts/overrides.ts",
      "common/",
      "node:*",
      "npm:pino",
      "npm:uuid",
    ],
  },
  {
    from: "agent/schedules/",
    may: [
      "agent/schedules/",
      "agent/flow-hash.ts",
      "agent/jobs.ts",
      "agent/jobs/",
      "persistence/persistence.ts",
      "common/",
      "npm:croner",
      "npm:pino",
      "npm:uuid",
    ],
  },
  {
    from: "agent/runner/",
    may: [
      "agent/runner/",
      "persistence/persistence.ts",
      "sdk/",
      "engine/",
      "capabilities/",
      "type:facts/",
      "common/",
      "node:*",
      "npm:jiti",
      "npm:zod",
    ],
  },
  {
    from: "agent/runner/runner.ts",
    may: ["type:engine/", "type:capabilities/", "type:facts/", "common/"],
  },
  {
    from: "agent/metrics/",
    may: [
      "agent/",
      "boards/board.ts",
      "persistence/persistence.ts",
      "capabilities/",
      "config/config.ts",
      "common/",
      "npm:prom-client",
    ],
  },
  {
    from: "agent/http/",
    may: [
      "agent/http/",
      "agent/jobs.ts",
      "agent/jobs/",
      "agent/logs/",
      "type:agent/schedules/",
      "agent/cluster/",
      "agent/events/",
      "common/",
      "node:*",
      "npm:fastify",
    ],
  },
  {
    from: "cli/",
    may: [...["cli/", "common/", "node:*", "npm:commander", "npm:picocolors", "dynamic:npm:yaml"]],
  },
  {
    from: "cli/program/",
    may: ["cli/", "dynamic:cli/agent/", "type:cli/agent/", "common/", "npm:commander"],
  },
  { from: "cli/commands/config.ts", may: ["cli/", "config/", "common/"] },
  {
    from: "cli/api/",
    may: [
      "cli/",
      "cluster/machine.ts",
      "dynamic:cluster/consul/",
      "config/state-directory.ts",
      "config/sources/files.ts",
      "dynamic:config/load.ts",
      "common/",
      "node:*",
    ],
  },
  { from: "cli/agent/", may: ["*"] },
  { from: "test/", may: ["*"] },
  { from: "scripts/", may: ["*"] },
  { from: "vitest.config.ts", may: ["*"] },
  { from: "eslint.config.js", may: ["*"] },
];

/**
 * Where concrete parts are named. Reached by import() from cli/program/ only, or `jobrunner --help`
 * would load them all.
 */
const ROOTS = "cli/agent/";

/** Every import that is not in the table, as one line each. */
export function checkArrows(
  imports: readonly Import[],
  arrows: readonly Arrow[] = ARROWS,
): readonly string[] {
  return imports.filter((item) => !isAllowed(item, arrows)).map(describe);
}

function describe({ place, from, to, binding }: Import): string {
  const verb = binding === "type" ? "imports the types of" : "imports";
  return `${place}: ${from} ${verb} ${to}, which is not in the table of arrows`;
}

function isAllowed(item: Import, arrows: readonly Arrow[]): boolean {
  if (item.to.startsWith(ROOTS) && !reachesRoot(item)) return false;
  if (item.to.startsWith(KIT) && !reachesKit(item)) return false;
  const arrow = arrowOf(item.from, arrows);
  return arrow?.may.some((entry) => permits(entry, item)) ?? false;
}

/** Tests of flows import it, and what runs them; the agent never does. */
const KIT = "sdk/testing/";

function reachesKit({ from }: Import): boolean {
  return [KIT, "cli/agent/flow/test-host.ts", "test/"].some((place) => from.startsWith(place));
}

function reachesRoot({ from, binding }: Import): boolean {
  if (from.startsWith(ROOTS) || from.startsWith("test/")) return true;
  return from.startsWith("cli/program/") && binding !== "static";
}

function arrowOf(path: string, arrows: readonly Arrow[]): Arrow | undefined {
  return arrows
    .filter(({ from }) => path === from || (from.endsWith("/") && path.startsWith(from)))
    .sort((a, b) => b.from.length - a.from.length)[0];
}

function permits(entry: string, { to, binding }: Import): boolean {
  if (entry === "*") return true;
  if (entry.startsWith("type:")) return binding === "type" && matches(entry.slice(5), to);
  if (entry.startsWith("dynamic:")) return binding !== "static" && matches(entry.slice(8), to);
  return matches(entry, to);
}

function matches(entry: string, to: string): boolean {
  if (entry.endsWith("/")) return to.startsWith(entry);
  if (entry === "node:*") return to.startsWith("node:");
  return to === entry;
}
