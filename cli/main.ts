#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { EXIT, errorText, exitCodeOf } from "./exit.js";
import { addCluster } from "./program/cluster.js";
import { addJobs } from "./program/jobs.js";
import { addMachine } from "./program/machine.js";
import { addRunning } from "./program/running.js";
import { addSchedules } from "./program/schedules.js";
import { addService } from "./program/service.js";
import { addCommonOptions, configure, type Done } from "./program/usage.js";
import { addVerbs } from "./program/verbs.js";
import { packageVersion } from "./version.js";

/*
 * The command line. Each command's code is loaded when it is called: `--help` needs none of it.
 */

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

function createProgram(done: Done): Command {
  const program = configure(new Command("jobrunner"))
    .description("Durable execute/revert flows on any set of machines, without a control plane.")
    .version(packageVersion(), "-V, --version", "print the version")
    .enablePositionalOptions();
  addCommonOptions(program);
  addRunning(program, done);
  addJobs(program, done);
  addVerbs(program, done);
  addSchedules(program, done);
  addCluster(program, done);
  addMachine(program, done);
  addService(program, done);
  return program;
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
