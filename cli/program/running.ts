import type { Command } from "commander";
import { DEFAULT_PORT } from "../../common/port.js";
import { collect, collectFact, collectTag, type DevFlags, type RunFlags } from "../options.js";
import { type Done, subcommand } from "./usage.js";

/** `run`, `dev`; their code is loaded when they are called. */
export function addRunning(program: Command, done: Done): void {
  addRun(program, done);
  addDev(program, done);
}

function addRun(program: Command, done: Done): void {
  subcommand(program, "run")
    .description("run an agent on this machine")
    .option("--config <file>", "the only file of settings to read")
    .option("--name <name>", "name of the agent (default: the host's)")
    .option("--listen <host:port>", `where its API listens (default: 127.0.0.1:${DEFAULT_PORT})`)
    .option("--flows <dir>", "directory with flows, may be given several times", collect)
    .option("--slots <n>", "jobs at the same time")
    .option("--board <kind|url>", "embedded, redis or consul (default: embedded)")
    .option("--persistence <kind|url>", "embedded or mysql (default: embedded)")
    .option("--database <file>", "SQLite file of jobs and board (default: state directory)")
    .option("--lease <duration>", "how long a claim lives unrenewed (default: 10s)")
    .option("--drain-timeout <duration>", "time for tasks when leaving (default: 60s)")
    .option("--runner <kind>", "what flow code runs in, process or thread (default: process)")
    .option("--tag <key=value>", "label jobs may ask for, several times", collectTag)
    .option("--fact <name=value>", "a fact, whatever the machine shows, several times", collectFact)
    .option("--once", "leave when there is nothing that it may take now, for cron and CI")
    .action(async (flags: RunFlags) => {
      const { run } = await import("../agent/run.js");
      done(await run(flags));
    });
}

function addDev(program: Command, done: Done): void {
  subcommand(program, "dev")
    .description("run an agent on a database that is thrown away at the end")
    .option("--listen <host:port>", `where its API listens (default: 127.0.0.1:${DEFAULT_PORT})`)
    .option("--flows <dir>", "directory with flows, may be given several times", collect)
    .action(async (flags: DevFlags) => {
      const { dev } = await import("../agent/dev.js");
      done(await dev(flags));
    });
}
