#!/usr/bin/env node
import { CommanderError } from "commander";
import { EXIT, errorText, exitCodeOf } from "./exit.js";
import { createProgram } from "./program/program.js";

/** Does what the words of a command line say; returns what the process ends with. */
export async function main(words: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  const program = createProgram((value) => {
    code = value;
  });
  try {
    await program.parseAsync([...words], { from: "user" });
    return code;
  } catch (error) {
    // commander has said what is wrong; 0 is its help and its version.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    process.stderr.write(`${errorText(error)}\n`);
    return exitCodeOf(error);
  }
}

function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(EXIT.ok);
      throw error;
    });
  }
}

endQuietlyOnClosedPipe();
process.exitCode = await main(process.argv.slice(2));
