import { loadConfig } from "../../config/load.js";
import { withoutSecrets } from "../../config/secrets.js";
import { type LookedAt, lookAtPersistence, openPersistence } from "../../persistence/open.js";
import { EXIT } from "../exit.js";
import { isAbsent } from "./absent.js";
import type { CommonOptions } from "../options.js";
import { printData } from "../print.js";
import type { Style } from "../screen/style.js";
import { renderTable, renderTabs } from "../screen/table.js";
import { createTerminal } from "../terminal.js";

export type MigrateVerb = "status" | "up";

export interface MigrateOptions extends CommonOptions {
  /** The only file of settings to read. */
  readonly config?: string;
}

/** `jobrunner migrate status|up`: the schema of the database that the settings name. */
export async function migrate(verb: MigrateVerb, options: MigrateOptions): Promise<number> {
  const { config: file, output } = options;
  const terminal = createTerminal(options);
  const named = file === undefined ? {} : { file };
  const { persistence: url } = loadConfig({ env: process.env, ...named }).config;
  const before = await lookAt(url);
  if (verb === "up" && before.missing.length > 0) {
    await (await openPersistence(url))[Symbol.asyncDispose]();
  }
  const steps = stepsOf(verb === "up" ? await lookAt(url) : before);
  await printData(terminal, output, {
    view: { database: withoutSecrets(url), steps },
    items: steps,
    names: steps.map(({ step }) => step),
    table: (style) => render(style, steps),
  });
  terminal.say(`${withoutSecrets(url)}: ${told(verb, before.missing.length)}`);
  return EXIT.ok;
}

function told(verb: MigrateVerb, missing: number): string {
  if (missing === 0) return "up to date";
  const count = missing === 1 ? "one step" : `${missing} steps`;
  if (verb === "up") return `${count} made`;
  return `${count} missing; jobrunner migrate up makes them, and so does the next agent`;
}

/** A file that is not there stays so when it is only looked at. */
async function lookAt(url: string): Promise<Pick<LookedAt, "applied" | "missing">> {
  return lookAtPersistence(isAbsent(url) ? "sqlite::memory:" : url);
}

interface Step {
  readonly step: string;
  readonly made: boolean;
}

function stepsOf({ applied, missing }: Pick<LookedAt, "applied" | "missing">): readonly Step[] {
  const made = [...applied].sort().map((step) => ({ step, made: true }));
  return [...made, ...missing.map((step) => ({ step, made: false }))];
}

function render(style: Style, steps: readonly Step[]): string {
  const rows = steps.map(({ step, made }) =>
    [step, made ? "made" : "missing"].map((text) => ({ text })),
  );
  if (!style.tty) return renderTabs(rows);
  return renderTable(style, [{ title: "STEP" }, { title: "STATE" }], rows);
}
