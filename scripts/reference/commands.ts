import type { Argument, Command, Option } from "commander";
import { createProgram } from "../../cli/program/program.js";
import { row, table } from "./table.js";

/** Flags that nearly every command has, told once at the top. */
const GENERAL = "General:";
const PROGRAM = createProgram(() => undefined);
/** As the program itself words it. */
const HELP = PROGRAM.createHelp();

/** The page of all commands, arguments and flags, as `--help` knows them. */
export function commandsPage(): string {
  return [
    "# Commands and flags",
    "What each command, flag and argument is; [commands.md](../commands.md) tells how they are used. " +
      "`jobrunner post FLOW` has a flag for each parameter of the flow besides: " +
      "`jobrunner post FLOW --help`.",
    "## Flags of all commands",
    "`--help` as well. Commands that ask no agent have no `--via`.",
    // Its own help leaves them to that of the commands.
    options(PROGRAM.options),
    ...commandsBelow(PROGRAM, "jobrunner"),
  ].join("\n\n");
}

function commandsBelow(parent: Command, path: string): readonly string[] {
  return HELP.visibleCommands(parent).flatMap((command) =>
    section(command, `${path} ${command.name()}`),
  );
}

function section(command: Command, path: string): readonly string[] {
  const below = commandsBelow(command, path);
  // A group such as `board` does nothing by itself.
  if (below.length > 0 && command.registeredArguments.length === 0) return below;
  const own = HELP.visibleOptions(command).filter(isOwn);
  const taken = HELP.visibleArguments(command);
  return [
    `## \`${path} ${HELP.commandUsage(command).split(" ").slice(path.split(" ").length).join(" ")}\``,
    sentence(command.description()),
    ...(taken.length === 0 ? [] : [argumentsTable(taken)]),
    ...(own.length === 0 ? [] : [options(own)]),
    ...below,
  ];
}

function isOwn(option: Option): boolean {
  return option.helpGroupHeading !== GENERAL;
}

function options(all: readonly Option[]): string {
  const rows = all.map((option) => row(option.flags, HELP.optionDescription(option)));
  return table(["flag", "is"], rows);
}

function argumentsTable(all: readonly Argument[]): string {
  const rows = all.map((argument) => row(argument.name(), HELP.argumentDescription(argument)));
  return table(["argument", "is"], rows);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
