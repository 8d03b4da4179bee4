import { type Command, Option } from "commander";
import type { AskOptions } from "../commands/ask.js";
import type { LogsOptions } from "../commands/logs/logs.js";
import type { ShowOptions } from "../commands/show.js";
import type { WaitOptions } from "../commands/wait.js";
import type { WhyOptions } from "../commands/why.js";
import { REASON_CHARS_MAX } from "../../common/job.js";
import type { JobVerb } from "../../common/wire.js";
import { AIMS } from "../exit.js";
import {
  GRAPH_FORMATS,
  readDuration,
  readReason,
  readTime,
  readWhole,
  type CommonOptions,
} from "../options.js";
import {
  addCommonOptions,
  commandGroup,
  type Done,
  QUIET,
  subcommand,
  watchOption,
} from "./usage.js";

/** Commands about jobs and what becomes of them; their code is loaded when they are called. */
export function addJobs(program: Command, done: Done): void {
  addPost(program, done);
  addShow(program, done);
  addStore(program, done);
  addWhy(program, done);
  addLogs(program, done);
  addWait(program, done);
  addAsk(program, done);
}

/** The flags of `post` are the flow's own: it reads its words itself, help included. */
function addPost(program: Command, done: Done): void {
  subcommand(program, "post")
    .description("post a job: a flow with its own flags")
    .argument("[flow]", "name of the flow")
    .argument("[flags...]", "its flags, and those of posting")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (_flow: string, _flags: string[], _options: object, command: Command) => {
      const { post } = await import("../commands/post/post.js");
      done(await post(command.args, program.opts<CommonOptions>()));
    });
}

function addShow(program: Command, done: Done): void {
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
    .addOption(
      new Option("--graph [format]", "draw the flow of one job")
        .choices(GRAPH_FORMATS)
        .preset("text"),
    )
    .addOption(watchOption());
  addCommonOptions(command).action(async (job: string | undefined, flags: ShowOptions) => {
    const { show } = await import("../commands/show.js");
    done(await show(job, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addStore(program: Command, done: Done): void {
  const store = commandGroup(program, "store").description("read the values that a job has");
  const command = subcommand(store, "get")
    .description("print parameters, results of tasks and outputs of a job, or one of them")
    .argument("<job>", "id of a job")
    .argument("[key]", "params.NAME, results.TASK or outputs.NAME; the name where only one has it");
  addCommonOptions(command).action(
    async (job: string, key: string | undefined, flags: CommonOptions) => {
      const { getStore } = await import("../commands/store.js");
      done(await getStore(job, key, { ...program.opts<CommonOptions>(), ...flags }));
    },
  );
}

function addWhy(program: Command, done: Done): void {
  const command = subcommand(program, "why")
    .summary("tell why a job runs or does not, and what would help")
    .description("tell why a job runs or does not: each thing it needs, and what would help")
    .argument("[job]", "id of a job")
    .option("--agent <name>", "only what this agent says; without a job, of all jobs that wait")
    .option("--limit <n>", "with --agent, the newest so many jobs", readWhole(1, 1_000))
    .addOption(watchOption());
  addCommonOptions(command).action(async (job: string | undefined, flags: WhyOptions) => {
    const { why } = await import("../commands/why.js");
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
    const { logs } = await import("../commands/logs/logs.js");
    done(await logs(job, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addWait(program: Command, done: Done): void {
  const command = subcommand(program, "wait")
    .description("wait until jobs have ended; the exit code tells how")
    .argument("<job...>", "ids of jobs")
    .addOption(
      new Option("--for <what>", "0 for a good end only, for any end, or for an owner that lives")
        .choices(AIMS)
        .default("success"),
    )
    .option("--any", "only until the first of them is there, of at most 64")
    .option("--timeout <duration>", "wait no longer than this", readDuration)
    .option(...QUIET);
  addCommonOptions(command).action(async (jobs: readonly string[], flags: WaitOptions) => {
    const { wait } = await import("../commands/wait.js");
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
    if (verb === "cancel") {
      command.option("--no-revert", "stop it and leave what ran as it is");
      const text = `why, to be shown with the job: one line, at most ${REASON_CHARS_MAX} characters`;
      command.option("--reason <text>", text, readReason);
    }
    command.option(...QUIET);
    addCommonOptions(command).action(async (jobs: readonly string[], flags: AskOptions) => {
      const { ask } = await import("../commands/ask.js");
      done(await ask(verb, jobs, { ...program.opts<CommonOptions>(), ...flags }));
    });
  }
}
