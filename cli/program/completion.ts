import { Argument, type Command } from "commander";
import { SHELLS, type Shell } from "../options.js";
import { type Done, subcommand } from "./usage.js";

/** `completion`, and the hidden command that its scripts ask; their code is loaded when called. */
export function addCompletion(program: Command, done: Done): void {
  subcommand(program, "completion")
    .description("print what a shell must be told to complete what is typed")
    .addArgument(new Argument("<shell>", "which one").choices(SHELLS))
    .action(async (shell: Shell) => {
      const { completionScript } = await import("../complete/scripts.js");
      process.stdout.write(`${completionScript(shell)}\n`);
      done(0);
    });
  program
    .command("__complete", { hidden: true })
    .argument("[words...]")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (words: readonly string[]) => {
      const { complete } = await import("../complete/complete.js");
      // A shell that completes must never show an error, nor wait for an agent that is slow.
      const lines = await complete(program, words).catch(() => []);
      process.stdout.write(lines.map((line) => `${line}\n`).join(""), () => process.exit(0));
    });
}
