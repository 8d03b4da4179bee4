import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, realpathSync } from "node:fs";
import { homeDirectory } from "../../../config/home-directory.js";
import { JobrunnerError } from "../../../common/error.js";
import { EXIT } from "../../exit.js";
import type { CommonOptions } from "../../options.js";
import { createTerminal } from "../../terminal.js";
import { launchd } from "./launchd.js";
import type { Place, Scope, ServiceManager, Step } from "./service-manager.js";
import { describe, perform } from "./perform.js";
import { runit } from "./runit.js";
import { systemd } from "./systemd.js";

export interface ServiceOptions extends CommonOptions {
  readonly user?: boolean;
  readonly machine?: boolean;
}

export interface InstallOptions extends ServiceOptions {
  readonly dryRun?: boolean;
}

export interface LogsOptions extends ServiceOptions {
  readonly follow?: boolean;
}

/** `jobrunner service install`: whoever calls it again gets the same. */
export async function installService(options: InstallOptions): Promise<number> {
  const manager = managerOf(options);
  const code = await take(manager.install, options);
  const terminal = createTerminal(options);
  if (options.dryRun !== true) {
    terminal.say(`\njobrunner is a service now: ${manager.name}`);
    terminal.say("next   jobrunner service status, jobrunner service logs -f");
  }
  return code;
}

/** `jobrunner service uninstall`: settings and jobs stay. */
export async function uninstallService(options: InstallOptions): Promise<number> {
  const manager = managerOf(options);
  const code = await take(manager.uninstall, options);
  if (options.dryRun !== true)
    createTerminal(options).say("settings and jobs are left as they are");
  return code;
}

export async function serviceStatus(options: ServiceOptions): Promise<number> {
  const manager = managerOf(options);
  needInstalled(manager);
  return (await show(manager.status)) === 0 ? EXIT.ok : EXIT.unavailable;
}

export async function serviceLogs({ follow = false, ...options }: LogsOptions): Promise<number> {
  const manager = managerOf(options);
  needInstalled(manager);
  return (await show(manager.logs(follow))) === 0 ? EXIT.ok : EXIT.unavailable;
}

async function take(steps: readonly Step[], options: InstallOptions): Promise<number> {
  const terminal = createTerminal(options);
  if (options.dryRun === true) terminal.print(steps.map(describe).join("\n"));
  else await perform(steps, (line) => terminal.print(line));
  return EXIT.ok;
}

function managerOf(options: ServiceOptions): ServiceManager {
  return chooseManager(thisPlace(), options);
}

/** By the kind of machine; on Linux for the system when root asks, else for whoever does. */
export function chooseManager(place: Place, { user, machine }: ServiceOptions): ServiceManager {
  const own: Scope = place.uid === 0 && user !== true ? "system" : "user";
  switch (place.platform) {
    case "android":
      return runit(place);
    case "darwin":
      return launchd(place);
    case "linux":
      return systemd(place, machine === true ? "machine" : own);
    default:
      throw new JobrunnerError("USAGE", `services of ${place.platform} are not known here`, {
        hint: "Let what starts programs there start: jobrunner run",
      });
  }
}

function thisPlace(): Place {
  const { platform, env, execPath: node } = process;
  const uid = process.getuid?.() ?? 0;
  return {
    platform,
    env,
    uid,
    home: homeDirectory(),
    node,
    main: realpathSync(process.argv[1] ?? ""),
  };
}

function needInstalled({ file, name }: ServiceManager): void {
  if (existsSync(file)) return;
  throw new JobrunnerError("NOT_FOUND", `there is no service of jobrunner here (${name})`, {
    hint: "jobrunner service install makes it one.",
  });
}

/** With this terminal, and its Ctrl-C. */
async function show([program, ...args]: readonly [string, ...string[]]): Promise<number | null> {
  const child = spawn(program, args, { stdio: "inherit" });
  try {
    const [code] = (await once(child, "exit")) as [number | null];
    return code;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new JobrunnerError("USAGE", `${program} cannot be started: ${why}`, { cause: error });
  }
}
