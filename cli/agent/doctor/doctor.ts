import type { CheckedView, DoctorView } from "../../../common/wire/doctor.js";
import { loadConfig, type Loaded } from "../../../config/load.js";
import { EXIT } from "../../exit.js";
import type { CommonOptions } from "../../options.js";
import { printData } from "../../print.js";
import { renderDoctor } from "../../screen/doctor.js";
import { createTerminal } from "../../terminal.js";
import { type Check, failure, ok, run, warn } from "./check.js";
import { AGENT, CONSUL } from "./cluster.js";
import { FLOWS } from "./flows.js";
import { nodeCheck, SQLITE, STATE } from "./machine.js";
import { POWER } from "./power.js";
import { BOARD, PERSISTENCE } from "./stores.js";

export interface DoctorOptions extends CommonOptions {
  /** The only file of settings to read. */
  readonly config?: string;
}

/** In the order in which one needs the other. */
const CHECKS: readonly Check[] = [SQLITE, STATE, PERSISTENCE, BOARD, CONSUL, FLOWS, AGENT, POWER];

/** `jobrunner doctor`: what keeps, or may keep, an agent of this machine from working. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const terminal = createTerminal(options);
  const checks = await allChecks(options.config);
  const view: DoctorView = { ok: checks.every(({ state }) => state !== "fail"), checks };
  await printData(terminal, options.output, {
    view,
    items: checks,
    names: checks.filter(({ state }) => state !== "ok").map(({ name }) => name),
    table: (style) => renderDoctor(style, view),
  });
  return view.ok ? EXIT.ok : EXIT.internal;
}

/** Without settings that can be read nothing else can be looked for. */
async function allChecks(file: string | undefined): Promise<readonly CheckedView[]> {
  const node = nodeCheck(process.versions.node);
  let loaded: Loaded;
  try {
    loaded = loadConfig({ env: process.env, ...(file === undefined ? {} : { file }) });
  } catch (error) {
    return [node, failure("config", error)];
  }
  const { config, files, warnings } = loaded;
  const looks = await Promise.all(CHECKS.map((check) => run(check, config)));
  const read = files.length === 0 ? "no file: all defaults" : files.join(", ");
  const settings = [ok("config", read), ...warnings.map((line) => warn("config", line))];
  return [node, ...settings, ...looks.flat()];
}
