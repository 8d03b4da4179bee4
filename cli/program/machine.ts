import { type Command, Option } from "commander";
import type { DoctorOptions } from "../agent/doctor/doctor.js";
import type { InitOptions } from "../agent/init.js";
import type { BackupFlags } from "../agent/backup.js";
import type { MigrateOptions, MigrateVerb } from "../agent/migrate.js";
import type { ConfigOptions } from "../commands/config.js";
import type { CreateOptions } from "../commands/token.js";
import type { TokenOptions } from "../commands/token.js";
import { PROFILES, readDuration, type CommonOptions } from "../options.js";
import { addPrintOptions, BEGIN, commandGroup, type Done, subcommand } from "./usage.js";

/** `init`, `config`, `doctor`, `backup`, `migrate`, `token`, `version`; their code is loaded when they are called. */
export function addMachine(program: Command, done: Done): void {
  addInit(program, done);
  addConfig(program, done);
  addDoctor(program, done);
  addBackup(program, done);
  addMigrate(program, done);
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
  const get = subcommand(config, "get")
    .description("print one of the settings in force, or all below a name")
    .argument("<setting>", "its name, such as agent.slots")
    .option("--config <file>", "the only file of settings to read");
  addPrintOptions(get).action(async (setting: string, flags: ConfigOptions) => {
    const { getConfig } = await import("../commands/config.js");
    done(await getConfig(setting, { ...program.opts<CommonOptions>(), ...flags }));
  });
  const path = subcommand(config, "path")
    .description("print the files of settings that are read; the later ones win")
    .option("--config <file>", "the only file of settings to read");
  addPrintOptions(path).action(async (flags: ConfigOptions) => {
    const { configPath } = await import("../commands/config.js");
    done(await configPath({ ...program.opts<CommonOptions>(), ...flags }));
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

function addMigrate(program: Command, done: Done): void {
  const migrate = commandGroup(program, "migrate").description("the schema of the database");
  const verbs = {
    status: "tell which steps of the schema were made, and which an agent would make",
    up: "make the steps that are missing, as an agent does when it starts",
  } as const;
  for (const [verb, text] of Object.entries(verbs) as [MigrateVerb, string][]) {
    const command = subcommand(migrate, verb)
      .description(text)
      .option("--config <file>", "the only file of settings to read");
    addPrintOptions(command).action(async (flags: MigrateOptions) => {
      const { migrate: run } = await import("../agent/migrate.js");
      done(await run(verb, { ...program.opts<CommonOptions>(), ...flags }));
    });
  }
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
