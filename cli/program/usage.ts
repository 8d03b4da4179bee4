import { type Command, Option } from "commander";
import { OUTPUT_FORMATS, readWatch } from "../options.js";
import { clean, fit } from "../screen/text.js";

/** Of a value that is refused. */
const SHOWN_COLUMNS = 60;

/** What a command ended with; called once. */
export type Done = (code: number) => void;

/** Heading of the commands that come first. */
export const BEGIN = "Begin:";

/** A command of the program or of another command. */
export function subcommand(program: Command, name: string): Command {
  return configure(program.command(name)).allowExcessArguments(false);
}

/** A command that has nothing but others: `jobrunner flow new`. */
export function commandGroup(program: Command, name: string): Command {
  return subcommand(program, name)
    .usage("<command>")
    .helpCommand(false)
    .addHelpOption(helpOption().hideHelp());
}

/** Our manners for a command: it throws instead of exiting, and errors come in our three parts. */
export function configure(command: Command): Command {
  return command
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureHelp({
      // What a command takes is told by its own help.
      subcommandTerm: (each) => each.name(),
      optionDescription,
      argumentDescription: ({ description, argChoices }) => withChoices(description, argChoices),
    })
    .configureOutput({
      outputError: (text, write) => write(rephrase(text, pathOf(command))),
    })
    .addHelpOption(helpOption());
}

export function helpOption(): Option {
  return new Option("-h, --help", "show this help").helpGroup("General:");
}

/** `how to print: table, json (default: table)`. */
function optionDescription(option: Option): string {
  const { description, argChoices, presetArg, defaultValue = presetArg } = option;
  const text = withChoices(description, argChoices);
  return typeof defaultValue === "string" ? `${text} (default: ${defaultValue})` : text;
}

function withChoices(description: string, choices: readonly string[] | undefined): string {
  return choices === undefined ? description : `${description}: ${choices.join(", ")}`;
}

/** The flags of every command that asks an agent. */
export function addCommonOptions(
  command: Command,
  taken: ReadonlySet<string> = new Set(),
): Command {
  const via = new Option("--via <agent>", "address or name of the agent to ask");
  return addOptions(command, [via, ...printOptions()], taken);
}

/** Those of a command that prints what it finds on this machine. */
export function addPrintOptions(command: Command): Command {
  return addOptions(command, printOptions());
}

function printOptions(): readonly Option[] {
  return [
    new Option("-o, --output <format>", "how to print data").choices(OUTPUT_FORMATS),
    new Option("--color <when>", "colours").choices(["auto", "always", "never"]),
    new Option("--ascii", "plain characters only"),
  ];
}

function addOptions(
  command: Command,
  options: readonly Option[],
  taken: ReadonlySet<string> = new Set(),
): Command {
  for (const option of options) {
    if (!taken.has(option.long ?? "")) command.addOption(option.helpGroup("General:"));
  }
  return command;
}

export const QUIET = ["-q, --quiet", "print ids alone, and no hints"] as const;

const WATCH = "2s";

/** Of commands that show what changes. */
export function watchOption(): Option {
  const option = new Option("-w, --watch [duration]", "look again and again");
  return option.preset(WATCH).argParser(readWatch);
}

/** commander's texts as `error: what` and `hint:  what to do`. */
export function rephrase(text: string, path: string): string {
  const whole = text.trimEnd();
  const [what = "", ...rest] = whole.split("\n");
  const invalid =
    /^error: option '(?:-\w, )?(--[\w-]+).*?' argument '(.*)' is invalid\. (.*)$/s.exec(whole);
  const choice = /^error: command-argument value '(.*)' is invalid .* '(.*)'\. (.*)$/s.exec(what);
  const meant = /\(Did you mean (?:one of )?(.*)\?\)/.exec(rest.join("\n"));
  const help = `see ${path} --help`;
  if (invalid !== null) {
    return `error: ${invalid[1]}: "${shown(invalid[2])}" is not valid\nhint:  ${invalid[3]}\n`;
  }
  if (choice !== null) {
    return `error: ${choice[2]}: "${choice[1]}" is not valid\nhint:  ${choice[3]}\n`;
  }
  const hint = meant === null ? help : `did you mean ${meant[1]}?   (${path} --help)`;
  return `${what}\nhint:  ${hint}\n`;
}

/** What was typed, or pasted: any text of any length. */
function shown(value = ""): string {
  return fit(clean(value), SHOWN_COLUMNS, "...");
}

function pathOf(command: Command): string {
  const parent = command.parent === null ? "" : `${pathOf(command.parent)} `;
  return parent + command.name();
}
