import type { Command } from "commander";
import { nearest } from "../../common/text/nearest.js";
import { TOPICS } from "./topics.js";
import { type Done, helpOption, subcommand } from "./usage.js";

/** `help`, and what `--help` alone shows. */
export function addHelp(program: Command, done: Done): void {
  program.helpCommand(false);
  const names = Object.keys(TOPICS).join(", ");
  subcommand(program, "help")
    .description(`show the help of a command, or tell about ${names}`)
    .argument("[command...]", `a command, or one of ${names}`)
    .action(async (words: readonly string[]) => {
      const topic = TOPICS[words.join(" ")];
      if (topic === undefined) return showHelp(program, words);
      process.stdout.write(`${topic}\n`);
      done(0);
    });
}

/** As the command itself tells it: some ask an agent for their flags. */
async function showHelp(program: Command, words: readonly string[]): Promise<void> {
  let command = program;
  for (const word of words) command = namedIn(command, word);
  await program.parseAsync([...words, "--help"], { from: "user" });
}

function namedIn(command: Command, word: string): Command {
  const found = command.commands.find((each) => [each.name(), ...each.aliases()].includes(word));
  if (found !== undefined) return found;
  const names = command.commands.map((each) => each.name()).filter((name) => !name.startsWith("_"));
  const meant = nearest(word, [...names, ...Object.keys(TOPICS)]);
  const text = `error: there is no help about '${word}'\n`;
  return command.error(meant === undefined ? text : `${text}(Did you mean ${meant}?)\n`);
}

/** The commands alone, in the order in which people need them, and where to begin. */
export function describeProgram(program: Command): void {
  program.usage("<command> [options]").addHelpText("after", HINTS);
  // Each command tells those that it takes.
  for (const option of program.options) option.hideHelp();
  program.addHelpOption(helpOption().hideHelp());
}

const HINTS = `
Try it:
  jobrunner dev                   an agent whose jobs are thrown away; in another terminal:
  jobrunner post hello --wait     a job, and how it ends
  jobrunner help show             all that \`show\` takes`;
