import { join, resolve } from "node:path";
import { parse } from "yaml";
import { hasCode } from "../../common/error.js";
import { loadConfig } from "../../config/load.js";
import { home } from "../../config/secrets.js";
import { userFile } from "../../config/sources/files.js";
import { isObject } from "../../config/sources/source.js";
import { EXIT } from "../exit.js";
import type { CommonOptions, Profile } from "../options.js";
import { printData } from "../print.js";
import { deployed } from "./deployed.js";
import { differenceLines } from "./flow/difference.js";
import { createTerminal, type Terminal } from "../terminal.js";
import { place, type Placed, placedText } from "./flow/place.js";
import { flowTemplate, testTemplate } from "./flow/template.js";

export interface InitOptions extends CommonOptions {
  readonly profile: Profile;
  /** Other settings than these that are there make way, and are kept beside. */
  readonly force?: boolean;
}

const FIRST_FLOW = "first";

/** `jobrunner init`: settings for this kind of machine and a first flow; again changes nothing. */
export async function init({ profile, force = false, ...options }: InitOptions): Promise<number> {
  const terminal = createTerminal(options);
  const text = deployed(`config/${profile}.yaml`);
  const settings = await place(settingsFile(profile), text, force);
  const directory = flowsOf(settings.done === "differs" ? settings.there : text);
  const flows =
    directory === undefined
      ? []
      : [
          await place(join(directory, `${FIRST_FLOW}.ts`), flowTemplate(FIRST_FLOW), false),
          await place(join(directory, `${FIRST_FLOW}.test.ts`), testTemplate(FIRST_FLOW), false),
        ];
  const placed = [settings, ...flows];
  const view = placed.map(({ file, done }) => ({ file, done }));
  const names = placed.map(({ file }) => file);
  const table = (): string => placed.map((each) => textOf(each, text)).join("\n");
  await printData(terminal, options.output, { view, items: view, names, table });
  if (settings.done === "differs") terminal.say("--force takes the new settings, and keeps yours");
  sayNext(terminal, settings.file);
  return EXIT.ok;
}

/** What would change is shown where it was not done. */
function textOf(placed: Placed, wanted: string): string {
  const isSettings = placed.file.endsWith(".yaml");
  if (placed.done !== "differs" || !isSettings) return placedText(placed);
  return [placedText(placed), ...differenceLines(placed.there, wanted)].join("\n");
}

/** Where an agent of this user reads it; that of a server is the system's, when that is allowed. */
function settingsFile(profile: Profile): string {
  const { env } = process;
  const named = env["JOBRUNNER_CONFIG"];
  if (named !== undefined && named !== "") return resolve(named);
  const isSystem = profile === "server" && process.getuid?.() === 0;
  return isSystem ? "/etc/jobrunner/config.yaml" : userFile(env);
}

function flowsOf(text: string): string | undefined {
  let settings: unknown;
  try {
    settings = parse(text);
  } catch {
    return undefined; // Somebody's own settings, with a mistake that `config check` names.
  }
  const flows = isObject(settings) ? settings["flows"] : undefined;
  const dirs = isObject(flows) ? flows["dirs"] : flows;
  const first: unknown = Array.isArray(dirs) ? dirs[0] : dirs;
  return typeof first === "string" ? resolve(home(first, process.env)) : undefined;
}

function sayNext(terminal: Terminal, file: string): void {
  try {
    loadConfig({ env: process.env, file });
  } catch (error) {
    if (!hasCode(error, "USAGE")) throw error;
    terminal.say(`\nbefore it can run:\n${error.message}`);
    terminal.say("\nthen   jobrunner config check, jobrunner doctor, jobrunner run");
    return;
  }
  terminal.say("\nnext   jobrunner doctor     what this machine lacks, if anything");
  terminal.say("       jobrunner run        an agent, until Ctrl-C");
  terminal.say(`       jobrunner post ${FIRST_FLOW} --wait     in another terminal`);
}
