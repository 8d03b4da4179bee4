import type { Command } from "commander";
import type { InstallOptions, LogsOptions, ServiceOptions } from "../agent/service/service.js";
import type { CommonOptions } from "../options.js";
import { addCommonOptions, commandGroup, type Done, subcommand } from "./usage.js";

/** `service`; its code is loaded when it is called. */
export function addService(program: Command, done: Done): void {
  const service = commandGroup(program, "service").description(
    "run an agent from start to shutdown",
  );
  const add = (name: string, description: string): Command =>
    addCommonOptions(subcommand(service, name).description(description))
      .option("--user", "of this user (default, unless root asks)")
      .option("--machine", "of the system, as root, for flows that touch the machine");
  const common = (): CommonOptions => program.opts<CommonOptions>();
  add("install", "make it a service of this machine, and start it")
    .option("--dry-run", "only show what would be done")
    .action(async (flags: InstallOptions) => {
      const { installService } = await import("../agent/service/service.js");
      done(await installService({ ...common(), ...flags }));
    });
  add("uninstall", "stop it, and remove the service; settings and jobs stay")
    .option("--dry-run", "only show what would be done")
    .action(async (flags: InstallOptions) => {
      const { uninstallService } = await import("../agent/service/service.js");
      done(await uninstallService({ ...common(), ...flags }));
    });
  add("status", "show whether it runs").action(async (flags: ServiceOptions) => {
    const { serviceStatus } = await import("../agent/service/service.js");
    done(await serviceStatus({ ...common(), ...flags }));
  });
  add("logs", "show what it wrote")
    .option("-f, --follow", "go on until Ctrl-C")
    .action(async (flags: LogsOptions) => {
      const { serviceLogs } = await import("../agent/service/service.js");
      done(await serviceLogs({ ...common(), ...flags }));
    });
}
