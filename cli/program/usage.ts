import { type Command, Option } from "commander";
import { OUTPUT_FORMATS, readWatch } from "../options.js";

/** What a command ended with; called once. */
export type Done = (code: number) => void;

/** A command of the program or of another command. */
export function subcommand(program: Command, name: string): Command {
  return configure(program.command(name)).allowExcessArguments(false);
}

/** Our manners for a command: it throws instead of exiting, and errors come in our three parts. */
export function configure(command: Command): Command {
  return command
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({
      outputError: (text, write) => write(rephrase(text, pathOf(command))),
    });
}

/** The flags of every command that asks an agent. */
export function addCommonOptions(
  command: Command,
  taken: ReadonlySet<string> = new Set(),
): Command {
  const output = new Option("-o, --output <format>", "how to print data").choices(OUTPUT_FORMATS);
  const color = new Option("--color <when>", "colours").choices(["auto", "always", "never"]);
  const options = [
    new Option("--via <agent>", "address or name of the agent to ask"),
    output,
    color,
    new Option("--ascii", "plain characters only"),
  ];
  for (const option of options) {
    if (!taken.has(option.long ?? "")) command.addOption(option.helpGroup("General:"));
  }
  return command.addHelpOption(new Option("-h, --help", "show this help").helpGroup("General:"));
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
  const [what = "", ...rest] = text.trimEnd().split("\n");
  const invalid =
    /^error: option '(?:-\w, )?(--[\w-]+).*' argument '(.*)' is invalid\. (.*)$/s.exec(what);
  const meant = /\(Did you mean (?:one of )?(.*)\?\)/.exec(rest.join("\n"));
  const help = `see ${path} --help`;
  if (invalid !== null) {
    return `error: ${invalid[1]}: "${invalid[2]}" is not valid\nhint:  ${invalid[3]}\n`;
  }
  const hint = meant === null ? help : `did you mean ${meant[1]}?   (${path} --help)`;
  return `${what}\nhint:  ${hint}\n`;
}

function pathOf(command: Command): string {
  const parent = command.parent === null ? "" : `${pathOf(command.parent)} `;
  return parent + command.name();
}
