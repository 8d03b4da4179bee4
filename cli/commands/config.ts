import { JobrunnerError } from "../../common/error.js";
import { didYouMean } from "../../common/text/did-you-mean.js";
import { describeConfig, type Described, describeParts } from "../../config/describe.js";
import { loadConfig, type Loaded } from "../../config/load.js";
import { settingsFiles, userFile } from "../../config/sources/files.js";
import { EXIT } from "../exit.js";
import type { CommonOptions } from "../options.js";
import { printData } from "../print.js";
import type { Style } from "../screen/style.js";
import { type Cell, renderTable, renderTabs } from "../screen/table.js";
import { createTerminal } from "../terminal.js";

export interface ConfigOptions extends CommonOptions {
  /** The only file of settings to read. */
  readonly config?: string;
  readonly sources?: boolean;
}

const DEFAULT_SOURCE = "default";

/** `jobrunner config show`: the settings in force on this machine, secrets left out. */
export async function showConfig(options: ConfigOptions): Promise<number> {
  const terminal = createTerminal(options);
  const loaded = load(options.config);
  const settings = describeConfig(loaded);
  await printData(terminal, options.output, {
    view: settings,
    items: settings,
    names: settings.map(({ setting }) => setting),
    table: (style) => render(style, settings, options.sources === true || style.wide),
  });
  for (const warning of loaded.warnings) terminal.say(`warning: ${warning}`);
  return EXIT.ok;
}

/** `jobrunner config get KEY`: the value of one setting, or all below a name. */
export async function getConfig(key: string, options: ConfigOptions): Promise<number> {
  const terminal = createTerminal(options);
  const loaded = load(options.config);
  const settings = describeConfig(loaded);
  const parts = describeParts(loaded);
  const one = [...settings, ...parts].find(({ setting }) => setting === key);
  const below = settings.filter(({ setting }) => setting.startsWith(`${key}.`));
  if (one === undefined && below.length === 0) {
    const names = [...settings, ...parts].map(({ setting }) => setting);
    throw new JobrunnerError("NOT_FOUND", `there is no setting "${key}"`, {
      hint: didYouMean(key, names, "jobrunner config show lists them."),
    });
  }
  const table = (style: Style): string => one?.value ?? render(style, below, style.wide);
  const names = (one === undefined ? below : [one]).map(({ setting }) => setting);
  await printData(terminal, options.output, { view: one ?? below, names, table });
  return EXIT.ok;
}

/** `jobrunner config path`: the files that are read, the later ones win. */
export async function configPath(options: ConfigOptions): Promise<number> {
  const terminal = createTerminal(options);
  const { config: named } = options;
  const files = settingsFiles(process.env, named);
  const table = (): string => files.join("\n");
  await printData(terminal, options.output, { view: files, items: files, names: files, table });
  if (files.length === 0) {
    terminal.say(`no file of settings; jobrunner init writes ${userFile(process.env)}`);
  }
  return EXIT.ok;
}

/** `jobrunner config check`: nothing but what is wrong, or the files that are right. */
export async function checkConfig(
  file: string | undefined,
  options: CommonOptions,
): Promise<number> {
  const terminal = createTerminal(options);
  const { files, warnings } = load(file);
  for (const warning of warnings) terminal.say(`warning: ${warning}`);
  terminal.say(
    files.length === 0 ? "no file of settings: all defaults" : `ok  ${files.join("  ")}`,
  );
  return EXIT.ok;
}

function render(style: Style, settings: readonly Described[], sources: boolean): string {
  const rows = settings.map(({ setting, value, source = DEFAULT_SOURCE }): readonly Cell[] => [
    { text: setting },
    { text: value },
    ...(sources ? [{ text: source }] : []),
  ]);
  if (!style.tty) return renderTabs(rows);
  const titles = ["SETTING", "VALUE", ...(sources ? ["SOURCE"] : [])];
  return renderTable(style, titles.map(column), rows);
}

function column(title: string): { readonly title: string; readonly flexible: boolean } {
  return { title, flexible: title === "VALUE" };
}

function load(file: string | undefined): Loaded {
  return loadConfig({ env: process.env, ...(file === undefined ? {} : { file }) });
}
