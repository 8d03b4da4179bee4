import { type Command, Option } from "commander";
import type { DoctorOptions } from "../agent/doctor/doctor.js";
import type { InitOptions } from "../agent/init.js";
import type { BackupFlags } from "../agent/backup.js";
import type { InstallOptions, LogsOptions, ServiceOptions } from "../agent/service/service.js";
import type { ConfigOptions } from "../commands/config.js";
import type { CreateOptions } from "../commands/token.js";
import type { TokenOptions } from "../commands/token.js";
import { PROFILES, readDuration, type CommonOptions } from "../options.js";
import { addPrintOptions, BEGIN, commandGroup, type Done, subcommand } from "./usage.js";

/** What concerns this machine alone; the code of each is loaded when it is called. */
export function addMachine(program: Command, done: Done): void {
  addInit(program, done);
  addConfig(program, done);
  addDoctor(program, done);
  addBackup(program, done);
  addService(program, done);
  addToken(program, done);
  addVersion(program, done);
}

function addInit(program: Command, done: Done): void {
  const command = subcommand(program, "init")
    .helpGroup(BEGIN)
    .description("write settings for this machine, and a first flow")
    .addOption(new Option("--profile <kind>", "kind of machine").choices(PROFILES).default("alone"))
    .option("--force", "in place of other settings, which are kept beside them");
  addPrintOptions(command).action(async (flags: InitOptions) => {
    const { init } = await import("../agent/init.js");
    done(await init({ ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addConfig(program: Command, done: Done): void {
  const config = commandGroup(program, "config").description(
    "look at the settings of this machine",
  );
  const show = subcommand(config, "show")
    .description("print the settings in force, secrets left out")
    .option("--config <file>", "the only file of settings to read")
    .option("--sources", "where each of them is written");
  addPrintOptions(show).action(async (flags: ConfigOptions) => {
    const { showConfig } = await import("../commands/config.js");
    done(await showConfig({ ...program.opts<CommonOptions>(), ...flags }));
  });
  const check = subcommand(config, "check")
    .description("check the settings without starting anything")
    .argument("[file]", "the only file of settings to read");
  addPrintOptions(check).action(async (file: string | undefined, flags: CommonOptions) => {
    const { checkConfig } = await import("../commands/config.js");
    done(await checkConfig(file, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addDoctor(program: Command, done: Done): void {
  const command = subcommand(program, "doctor")
    .helpGroup(BEGIN)
    .description("look for what keeps an agent of this machine from working")
    .option("--config <file>", "the only file of settings to read");
  addPrintOptions(command).action(async (flags: DoctorOptions) => {
    const { doctor } = await import("../agent/doctor/doctor.js");
    done(await doctor({ ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addBackup(program: Command, done: Done): void {
  subcommand(program, "backup")
    .description("copy the database of this machine while its agents go on")
    .argument("<file>", "the new file")
    .option("--config <file>", "the only file of settings to read")
    .action(async (file: string, flags: BackupFlags) => {
      const { backup } = await import("../agent/backup.js");
      done(await backup(file, flags));
    });
}

function addToken(program: Command, done: Done): void {
  const token = commandGroup(program, "token").description("who may ask agents, and for what");
  const add = (name: string, description: string): Command =>
    subcommand(token, name)
      .description(description)
      .option("--file <file>", "file of tokens (default: ~/.config/jobrunner/tokens)");
  const create = add("create", "make a token, and print its secret once")
    .argument("<id>", "name for it, such as ci")
    .requiredOption("--scope <scope>", "read, post, operate or admin; each with those before it")
    .option("--expires <duration>", "how long it is good for, such as 90d", readDuration);
  addPrintOptions(create).action(async (id: string, flags: CreateOptions) => {
    const { createToken } = await import("../commands/token.js");
    done(await createToken(id, { ...program.opts<CommonOptions>(), ...flags }));
  });
  const list = add("list", "list the tokens of a file");
  addPrintOptions(list).action(async (flags: TokenOptions) => {
    const { listTokens } = await import("../commands/token.js");
    done(await listTokens({ ...program.opts<CommonOptions>(), ...flags }));
  });
  const revoke = add("revoke", "end a token before its time").argument("<id>", "its name");
  addPrintOptions(revoke).action(async (id: string, flags: TokenOptions) => {
    const { revokeToken } = await import("../commands/token.js");
    done(await revokeToken(id, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addVersion(program: Command, done: Done): void {
  const command = subcommand(program, "version").description(
    "print which jobrunner this is, and on what it runs",
  );
  addPrintOptions(command).action(async (flags: CommonOptions) => {
    const { version } = await import("../commands/version.js");
    done(await version({ ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addService(program: Command, done: Done): void {
  const service = subcommand(program, "service").description("run an agent from start to shutdown");
  const add = (name: string, description: string): Command =>
    addPrintOptions(subcommand(service, name).description(description))
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
