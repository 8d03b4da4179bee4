#!/usr/bin/env node
import { Command, CommanderError, Option } from "commander";
import { DEFAULT_PORT } from "../common/port.js";
import type { JobVerb } from "../common/wire.js";
import { EXIT, errorText, exitCodeOf } from "./exit.js";
import {
  collect,
  collectFact,
  collectTag,
  type CommonOptions,
  type DevFlags,
  readDuration,
  readTime,
  readWhole,
  type RunFlags,
} from "./options.js";
import type { AskOptions } from "./commands/ask.js";
import type { DutyVerb } from "./commands/agents.js";
import type { ConfigOptions } from "./commands/config.js";
import type { EventsOptions } from "./commands/events.js";
import type { LogsOptions } from "./commands/logs/logs.js";
import type { ShowOptions } from "./commands/show.js";
import type { WaitOptions } from "./commands/wait.js";
import type { WhyOptions } from "./commands/why.js";
import { addCommonOptions, configure } from "./usage.js";
import { packageVersion } from "./version.js";

/*
 * The command line. Each command's code is loaded when it is called: `--help` needs none of it.
 */

const WATCH_MS = 2000;

/** What a command ended with; the commander program calls it once. */
type Done = (code: number) => void;

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
  addRun(program, done);
  addDev(program, done);
  addPost(program, done);
  addShow(program, done);
  addEvents(program, done);
  addWhy(program, done);
  addLogs(program, done);
  addWait(program, done);
  addAsk(program, done);
  addFlows(program, done);
  addAgents(program, done);
  addConfig(program, done);
  return program;
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
    .action(async (flags: RunFlags) => {
      const { run } = await import("./agent/run.js");
      done(await run(flags));
    });
}

function addConfig(program: Command, done: Done): void {
  const config = subcommand(program, "config").description("look at the settings of this machine");
  const show = subcommand(config, "show")
    .description("print the settings in force, secrets left out")
    .option("--config <file>", "the only file of settings to read")
    .option("--sources", "where each of them is written");
  addCommonOptions(show).action(async (flags: ConfigOptions) => {
    const { showConfig } = await import("./commands/config.js");
    done(await showConfig({ ...program.opts<CommonOptions>(), ...flags }));
  });
  const check = subcommand(config, "check")
    .description("check the settings without starting anything")
    .argument("[file]", "the only file of settings to read");
  addCommonOptions(check).action(async (file: string | undefined, flags: CommonOptions) => {
    const { checkConfig } = await import("./commands/config.js");
    done(await checkConfig(file, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addAgents(program: Command, done: Done): void {
  const list = subcommand(program, "agents")
    .description("list the agents of the cluster, or show one of them")
    .argument("[name]", "name of an agent");
  addCommonOptions(list).action(async (name: string | undefined, flags: CommonOptions) => {
    const { agents } = await import("./commands/agents.js");
    done(await agents(name, { ...program.opts<CommonOptions>(), ...flags }));
  });
  const agent = subcommand(program, "agent").description("tell an agent what to do with jobs");
  for (const [verb, what] of Object.entries(DUTY)) {
    const command = subcommand(agent, verb)
      .description(what)
      .argument("[name]", "name of an agent (default: the one that is asked)");
    addCommonOptions(command).action(async (name: string | undefined, flags: CommonOptions) => {
      const { tellAgent } = await import("./commands/agents.js");
      const options = { ...program.opts<CommonOptions>(), ...flags };
      done(await tellAgent(verb as DutyVerb, name, options));
    });
  }
  const forget = subcommand(agent, "forget")
    .description("no longer list an agent that is gone, or has another name now")
    .argument("<name>", "name of the agent");
  addCommonOptions(forget).action(async (name: string, flags: CommonOptions) => {
    const { forgetAgent } = await import("./commands/agents.js");
    done(await forgetAgent(name, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

const DUTY: Readonly<Record<DutyVerb, string>> = {
  drain: "take no more jobs, and hand over those that run at their next step",
  cordon: "take no more jobs; those that run go on",
  resume: "take jobs again",
};

function addDev(program: Command, done: Done): void {
  subcommand(program, "dev")
    .description("run an agent on a database that is thrown away at the end")
    .option("--listen <host:port>", `where its API listens (default: 127.0.0.1:${DEFAULT_PORT})`)
    .option("--flows <dir>", "directory with flows, may be given several times", collect)
    .action(async (flags: DevFlags) => {
      const { dev } = await import("./agent/dev.js");
      done(await dev(flags));
    });
}

/** The flags of `post` are the flow's own: it reads its words itself, help included. */
function addPost(program: Command, done: Done): void {
  subcommand(program, "post")
    .description("post a job; `post --help` lists the flows, `post FLOW --help` its flags")
    .argument("[flow]", "name of the flow")
    .argument("[flags...]", "its flags, and those of posting")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (_flow: string, _flags: string[], _options: object, command: Command) => {
      const { post } = await import("./commands/post.js");
      done(await post(command.args, program.opts<CommonOptions>()));
    });
}

function addShow(program: Command, done: Done): void {
  const watch = new Option("-w, --watch [duration]", "look again and again");
  const command = subcommand(program, "show")
    .alias("ls")
    .description("list the jobs, or show one of them with the tree of its atoms")
    .argument("[job]", "id of a job, or at least 4 characters of its beginning or end")
    .option("--state <states>", "only these, with commas between: WAITING,RUNNING")
    .option("--flow <flow>", "only jobs of this flow")
    .option("--agent <name>", "only jobs this agent owns or owned last")
    .option("--since <time>", "only jobs posted since: 2h, or 2027-01-31T18:00:00Z", readTime)
    .option("--text <words>", "only jobs with all of these words in their name or flow")
    .option("--limit <n>", "the newest so many (default: 50)", readWhole(1, 100_000))
    .option("--all", "all there are")
    .option("--events", "of one job: what happened to it; with --watch what happens")
    .addOption(watch.preset(String(WATCH_MS / 1000) + "s").argParser(readDuration));
  addCommonOptions(command).action(async (job: string | undefined, flags: ShowOptions) => {
    const { show } = await import("./commands/show.js");
    done(await show(job, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addEvents(program: Command, done: Done): void {
  const command = subcommand(program, "events")
    .description("tell what happens on all agents, as it happens")
    .option("--job <job>", "only of this job")
    .option("--flow <flow>", "only of jobs of this flow")
    .option("--types <types>", "only these, with commas between: job.*,atom.state")
    .option("--after <cursor>", "go on after this event: `cursor` of -o jsonl");
  addCommonOptions(command).action(async (flags: EventsOptions) => {
    const { events } = await import("./commands/events.js");
    done(await events({ ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addWhy(program: Command, done: Done): void {
  const command = subcommand(program, "why")
    .description("tell why a job runs or does not: each thing it needs, and what would help")
    .argument("[job]", "id of a job")
    .option("--agent <name>", "only what this agent says; without a job, of all jobs that wait")
    .option("--limit <n>", "with --agent, the newest so many jobs", readWhole(1, 1_000));
  addCommonOptions(command).action(async (job: string | undefined, flags: WhyOptions) => {
    const { why } = await import("./commands/why.js");
    done(await why(job, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addLogs(program: Command, done: Done): void {
  const command = subcommand(program, "logs")
    .description("print what the tasks of a job and their commands wrote")
    .argument("<job>", "id of a job")
    .option("-f, --follow", "go on with what comes, until the job is over")
    .option("--atom <atom>", "only lines of this atom")
    .option("--since <time>", "only lines since: 10m, or 2027-01-31T18:00:00Z", readTime)
    .option("--tail <n>", "only the last so many", readWhole(0, 1_000_000))
    .option("--raw", "the lines alone, as they were written, control characters included");
  addCommonOptions(command).action(async (job: string, flags: LogsOptions) => {
    const { logs } = await import("./commands/logs/logs.js");
    done(await logs(job, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addWait(program: Command, done: Done): void {
  const command = subcommand(program, "wait")
    .description("wait until jobs have ended; the exit code tells how")
    .argument("<job...>", "ids of jobs")
    .option("--timeout <duration>", "wait no longer than this", readDuration);
  addCommonOptions(command).action(async (jobs: readonly string[], flags: WaitOptions) => {
    const { wait } = await import("./commands/wait.js");
    done(await wait(jobs, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addAsk(program: Command, done: Done): void {
  const verbs = {
    cancel: "end jobs before their time: what ran is reverted",
    suspend: "let what runs end, then hold jobs until they are resumed",
    resume: "let suspended jobs go on where they were",
  } as const;
  for (const [verb, text] of Object.entries(verbs) as [JobVerb, string][]) {
    const command = subcommand(program, verb).description(text).argument("<job...>", "ids of jobs");
    if (verb === "cancel") command.option("--no-revert", "stop it and leave what ran as it is");
    addCommonOptions(command).action(async (jobs: readonly string[], flags: AskOptions) => {
      const { ask } = await import("./commands/ask.js");
      done(await ask(verb, jobs, { ...program.opts<CommonOptions>(), ...flags }));
    });
  }
}

function addFlows(program: Command, done: Done): void {
  const command = subcommand(program, "flows").description("list the flows an agent can run");
  addCommonOptions(command).action(async (flags: CommonOptions) => {
    const { flows } = await import("./commands/flows.js");
    done(await flows({ ...program.opts<CommonOptions>(), ...flags }));
  });
}

function subcommand(program: Command, name: string): Command {
  const command = program.command(name);
  return configure(command).allowExcessArguments(false);
}

/** A reader that went away (`show | head -1`) wants no more output, and no trace either. */
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
