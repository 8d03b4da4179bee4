import { type Command, Option } from "commander";
import type { DoctorOptions } from "../agent/doctor/doctor.js";
import type { InitOptions } from "../agent/init.js";
import type { BackupFlags } from "../agent/backup.js";
import type { ConfigOptions } from "../commands/config.js";
import type { CreateOptions } from "../commands/token.js";
import type { TokenOptions } from "../commands/token.js";
import { PROFILES, readDuration, type CommonOptions } from "../options.js";
import { addCommonOptions, type Done, subcommand } from "./usage.js";

/** `init`, `config`, `doctor`, `backup`, `token`; their code is loaded when they are called. */
export function addMachine(program: Command, done: Done): void {
  addInit(program, done);
  addConfig(program, done);
  addDoctor(program, done);
  addBackup(program, done);
  addToken(program, done);
}

function addInit(program: Command, done: Done): void {
  const command = subcommand(program, "init")
    .description("write settings for this machine, and a first flow")
    .addOption(new Option("--profile <kind>", "kind of machine").choices(PROFILES).default("alone"))
    .option("--force", "in place of other settings, which are kept beside them");
  addCommonOptions(command).action(async (flags: InitOptions) => {
    const { init } = await import("../agent/init.js");
    done(await init({ ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addConfig(program: Command, done: Done): void {
  const config = subcommand(program, "config").description("look at the settings of this machine");
  const show = subcommand(config, "show")
    .description("print the settings in force, secrets left out")
    .option("--config <file>", "the only file of settings to read")
    .option("--sources", "where each of them is written");
  addCommonOptions(show).action(async (flags: ConfigOptions) => {
    const { showConfig } = await import("../commands/config.js");
    done(await showConfig({ ...program.opts<CommonOptions>(), ...flags }));
  });
  const check = subcommand(config, "check")
    .description("check the settings without starting anything")
    .argument("[file]", "the only file of settings to read");
  addCommonOptions(check).action(async (file: string | undefined, flags: CommonOptions) => {
    const { checkConfig } = await import("../commands/config.js");
    done(await checkConfig(file, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addDoctor(program: Command, done: Done): void {
  const command = subcommand(program, "doctor")
    .description("look for what keeps an agent of this machine from working")
    .option("--config <file>", "the only file of settings to read");
  addCommonOptions(command).action(async (flags: DoctorOptions) => {
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
  const token = subcommand(program, "token").description("who may ask agents, and for what");
  const add = (name: string, description: string): Command =>
    addCommonOptions(subcommand(token, name).description(description)).option(
      "--file <file>",
      "file of tokens (default: ~/.config/jobrunner/tokens)",
    );
  add("create", "make a token, and print its secret once")
    .argument("<id>", "name for it, such as ci")
    .requiredOption("--scope <scope>", "read, post, operate or admin; each with those before it")
    .option("--expires <duration>", "how long it is good for, such as 90d", readDuration)
    .action(async (id: string, flags: CreateOptions) => {
      const { createToken } = await import("../commands/token.js");
      done(await createToken(id, { ...program.opts<CommonOptions>(), ...flags }));
    });
  add("list", "list the tokens of a file").action(async (flags: TokenOptions) => {
    const { listTokens } = await import("../commands/token.js");
    done(await listTokens({ ...program.opts<CommonOptions>(), ...flags }));
  });
  add("revoke", "end a token before its time")
    .argument("<id>", "its name")
    .action(async (id: string, flags: TokenOptions) => {
      const { revokeToken } = await import("../commands/token.js");
      done(await revokeToken(id, { ...program.opts<CommonOptions>(), ...flags }));
    });
}
