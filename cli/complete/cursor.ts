import type { Command, Option } from "commander";

/** What is being typed, as commander's tree of commands sees it. */
export interface Cursor {
  /** The innermost command that was named. */
  readonly command: Command;
  /** Words that are no flags, nor values of flags, behind the command. */
  readonly given: readonly string[];
  /** The word under the cursor, or what stands behind its `=`. */
  readonly typed: string;
  /** The flag whose value it is. */
  readonly option?: Option;
  /** What stands before `typed` in the same word: `--flag=`. */
  readonly before: string;
  /** Behind `--`: nothing is a flag any more. */
  readonly plain: boolean;
}

/** `words`: what follows the program's name, the one under the cursor last. */
export function findCursor(
  program: Command,
  words: readonly string[],
  optionsOf: (command: Command, given: readonly string[]) => readonly Option[],
): Cursor {
  const [last = "", ...before] = joined(words).reverse();
  let command = program;
  let given: string[] = [];
  let option: Option | undefined;
  let plain = false;
  for (const word of before.reverse()) {
    if (option !== undefined) option = undefined;
    else if (plain) given.push(word);
    else if (word === "--") plain = true;
    else if (word.startsWith("-")) option = valueOption(optionsOf(command, given), word);
    else {
      const next = given.length === 0 ? subcommandOf(command, word) : undefined;
      if (next === undefined) given.push(word);
      else [command, given] = [next, []];
    }
  }
  const base = { command, given, plain };
  if (option !== undefined) return { ...base, option, typed: last, before: "" };
  const [, flag, typed] = plain ? [] : (/^(--[^=]+)=(.*)$/s.exec(last) ?? []);
  const named = optionsOf(command, given).find(({ long }) => long === flag);
  if (flag === undefined || typed === undefined || named === undefined) {
    return { ...base, typed: last, before: "" };
  }
  // bash takes `=` for a word of its own, and completes what stands behind it alone.
  const isSplit = words.at(-1) !== last;
  return { ...base, option: named, typed, before: isSplit ? "" : `${flag}=` };
}

/** bash gives `--flag`, `=` and `value` for `--flag=value`. */
function joined(words: readonly string[]): string[] {
  const whole: string[] = [];
  words.forEach((word, place) => {
    const previous = whole.at(-1);
    const isValue = words[place - 1] === "=" && previous?.endsWith("=") === true;
    const isSign = word === "=" && previous?.startsWith("--") === true;
    if (previous !== undefined && (isSign || isValue)) whole[whole.length - 1] = previous + word;
    else whole.push(word);
  });
  return whole;
}

/** The flag, when its value is the next word. */
function valueOption(options: readonly Option[], word: string): Option | undefined {
  return options.find(({ long, short, required }) => required && (long === word || short === word));
}

function subcommandOf(command: Command, word: string): Command | undefined {
  return command.commands.find((each) => each.name() === word || each.aliases().includes(word));
}
