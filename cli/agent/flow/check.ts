import { existsSync } from "node:fs";
import { resolve, sep } from "node:path";
import pino from "pino";
import { JobrunnerError } from "../../../common/error.js";
import type { FlowsView } from "../../../common/wire.js";
import { complete } from "../../../config/complete.js";
import type { Config } from "../../../config/config.js";
import { loadConfig } from "../../../config/load.js";
import { EXIT } from "../../exit.js";
import type { CommonOptions } from "../../options.js";
import { printData } from "../../print.js";
import { problemLines, renderFlows } from "../../screen/flow-list.js";
import { createTerminal } from "../../terminal.js";
import { flowDirectories, openRunners } from "../compose.js";

/**
 * `jobrunner flow check [FILE|DIR...]`: loads and compiles flows as an agent does. Returns 1 when
 * one of them could not be used.
 */
export async function checkFlows(
  paths: readonly string[],
  options: CommonOptions,
): Promise<number> {
  const terminal = createTerminal(options);
  const config = paths.length === 0 ? loadConfig({ env: process.env }).config : anyConfig();
  const wanted = paths.length === 0 ? flowDirectories(config) : paths.map((path) => resolve(path));
  const absent = wanted.find((path) => !existsSync(path));
  if (absent !== undefined) throw new JobrunnerError("NOT_FOUND", `there is no ${absent}`);
  const view = await load(wanted, config);
  await printData(terminal, options.output, {
    view,
    items: [...view.items, ...view.problems],
    names: view.items.map(({ name }) => name),
    table: (style) => (view.items.length === 0 ? "" : renderFlows(style, view)),
  });
  for (const line of problemLines(view)) terminal.say(line);
  if (view.problems.length > 0) return EXIT.internal;
  if (view.items.length === 0) terminal.say("no flow there; begin one: jobrunner flow new NAME");
  return EXIT.ok;
}

/** Who names files need not have settings that are right. */
function anyConfig(): Config {
  return complete({}, process.env);
}

/** Without those that are built in, which an agent loads as well. */
async function load(wanted: readonly string[], config: Config): Promise<FlowsView> {
  await using runners = openRunners(config, pino({ level: "silent" }), wanted);
  const { flows, problems } = await runners.manifest();
  const isWanted = (file: string): boolean =>
    wanted.some((path) => file === path || file.startsWith(path + sep));
  const items = flows
    .filter(({ file }) => isWanted(file))
    .map(({ name, version, summary, schema, file }) => ({ name, version, summary, schema, file }));
  return { items, problems };
}
