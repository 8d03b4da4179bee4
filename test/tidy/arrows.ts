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
  { from: "mysql/", may: ["mysql/", "common/", "node:*", "npm:knex", "npm:mysql2"] },
  { from: "boards/board.ts", may: ["common/"] },
  { from: "boards/open.ts", may: ["boards/board.ts", "dynamic:boards/embedded/", "common/"] },
  {
    from: "boards/embedded/",
    may: ["boards/embedded/", "boards/board.ts", "sqlite/", "common/", "node:*", "npm:uuid"],
  },
  {
    from: "persistence/",
    may: [
      "persistence/",
      "type:engine/",
      "sqlite/",
      "mysql/",
      "common/",
      "node:*",
      "npm:knex",
      "npm:uuid",
    ],
  },
  { from: "persistence/persistence.ts", may: ["type:engine/", "common/"] },
  { from: "capabilities/", may: ["capabilities/", "common/", "node:*"] },
  { from: "sdk/", may: ["sdk/", "engine/", "capabilities/", "common/", "node:*", "npm:zod"] },
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
      "common/",
      "node:*",
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
      "common/",
      "node:*",
      "npm:jiti",
      "npm:zod",
    ],
  },
  { from: "agent/runner/runner.ts", may: ["type:engine/", "common/"] },
  {
    from: "agent/http/",
    may: ["agent/http/", "agent/jobs.ts", "agent/jobs/", "common/", "node:*", "npm:fastify"],
  },
  { from: "cli/", may: ["cli/", "common/", "node:*", "npm:commander", "npm:picocolors"] },
  {
    from: "cli/main.ts",
    may: ["cli/", "dynamic:cli/run.ts", "dynamic:cli/dev.ts", "common/", "node:*", "npm:commander"],
  },
  { from: "cli/log.ts", may: ["node:*", "npm:pino", "npm:pino-pretty"] },
  { from: "cli/run.ts", may: ["*"] },
  { from: "cli/dev.ts", may: ["*"] },
  { from: "cli/compose.ts", may: ["*"] },
  { from: "test/", may: ["*"] },
  { from: "scripts/", may: ["*"] },
  { from: "vitest.config.ts", may: ["*"] },
  { from: "eslint.config.js", may: ["*"] },
];

/**
 * Where concrete parts are named. Reached by import() from cli/main.ts only, or `jobrunner --help`
 * would load them all.
 */
const ROOTS = ["cli/run.ts", "cli/dev.ts", "cli/compose.ts", "cli/log.ts"];

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
  if (ROOTS.includes(item.to) && !reachesRoot(item)) return false;
  const arrow = arrowOf(item.from, arrows);
  return arrow?.may.some((entry) => permits(entry, item)) ?? false;
}

function reachesRoot({ from, binding }: Import): boolean {
  if (ROOTS.includes(from) || from.startsWith("test/")) return true;
  return from === "cli/main.ts" && binding !== "static";
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
