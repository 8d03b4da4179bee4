import { type Command, InvalidArgumentError } from "commander";
import { type CommonOptions, readReason } from "../options.js";
import type { GcOptions } from "../commands/verbs/delete.js";
import type { EachOptions } from "../commands/verbs/each.js";
import type { ReleaseOptions } from "../commands/verbs/release.js";
import type { RetryOptions } from "../commands/verbs/retry.js";
import { addCommonOptions, type Done, QUIET, subcommand } from "./usage.js";

/** `retry`, `release`, `reprioritise`, `delete`, `gc`; their code is loaded when they are called. */
export function addVerbs(program: Command, done: Done): void {
  addRetry(program, done);
  addRelease(program, done);
  addReprioritise(program, done);
  addDelete(program, done);
  addGc(program, done);
}

function addRetry(program: Command, done: Done): void {
  const command = subcommand(program, "retry")
    .summary("post jobs that are over once more, whole or from an atom on")
    .description("post jobs that are over once more, whole or from one of their atoms on")
    .argument("<job...>", "ids of jobs")
    .option("--from <atom>", "go on at this atom, with what had been done before it")
    .option(
      "--reset-store <name=value>",
      "another value of a parameter, several times",
      collectReset,
    )
    .option("--key <key>", "retrying again with the same key is the same job");
  act(command, program, async (jobs: readonly string[], flags: RetryOptions) => {
    const { retry } = await import("../commands/verbs/retry.js");
    done(await retry(jobs, flags));
  });
}

function addRelease(program: Command, done: Done): void {
  const command = subcommand(program, "release")
    .description("take jobs from owners that are dead or hang, for any other agent")
    .argument("<job...>", "ids of jobs")
    .option("--reason <text>", "why, for the log: one line", readReason)
    .option("--yes", "do not ask whether it is meant so");
  act(command, program, async (jobs: readonly string[], flags: ReleaseOptions) => {
    const { release } = await import("../commands/verbs/release.js");
    done(await release(jobs, flags));
  });
}

function addReprioritise(program: Command, done: Done): void {
  const command = subcommand(program, "reprioritise")
    .summary("give jobs that wait another priority")
    .description("give jobs that wait another priority, -100 to 100: the higher, the sooner")
    .usage("<job...> <priority> [options]")
    .argument("<job...>");
  act(command, program, async (words: readonly string[], flags: EachOptions) => {
    const { reprioritise } = await import("../commands/verbs/reprioritise.js");
    done(await reprioritise(words, flags));
  });
}

function addDelete(program: Command, done: Done): void {
  const command = subcommand(program, "delete")
    .description("remove jobs that are over, with all that is known of them")
    .argument("<job...>", "ids of jobs");
  act(command, program, async (jobs: readonly string[], flags: EachOptions) => {
    const { deleteJobs } = await import("../commands/verbs/delete.js");
    done(await deleteJobs(jobs, flags));
  });
}

function addGc(program: Command, done: Done): void {
  const command = subcommand(program, "gc")
    .description("remove all jobs that have been over for so long")
    .requiredOption("--older-than <duration>", "since their end: 30d")
    .option("--state <states>", "only these, with commas between: SUCCESS,REVERTED")
    .option(...QUIET);
  addCommonOptions(command).action(async (flags: GcOptions) => {
    const { gc } = await import("../commands/verbs/delete.js");
    done(await gc({ ...program.opts<CommonOptions>(), ...flags }));
  });
}

function act<T extends EachOptions>(
  command: Command,
  program: Command,
  run: (words: readonly string[], flags: T) => Promise<void>,
): void {
  addCommonOptions(command.option(...QUIET)).action(async (words: readonly string[], flags: T) =>
    run(words, { ...program.opts<CommonOptions>(), ...flags }),
  );
}

function collectReset(
  text: string,
  before: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const [, name, value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("Write it as port=8080.");
  return { ...before, [name]: value };
}
