import type { Command } from "commander";
import type { ScheduleOptions, ScheduleVerb } from "../commands/schedules/schedules.js";
import type { CommonOptions } from "../options.js";
import { addCommonOptions, commandGroup, type Done, subcommand, watchOption } from "./usage.js";

/** `schedule`; its code is loaded when it is called. */
export function addSchedules(program: Command, done: Done): void {
  const schedule = commandGroup(program, "schedule")
    .alias("schedules")
    .description("jobs that are posted again and again")
    .enablePositionalOptions();
  addList(schedule, program, done);
  addAdd(schedule, program, done);
  for (const [verb, what] of Object.entries(VERBS) as [ScheduleVerb, string][]) {
    const command = subcommand(schedule, verb)
      .description(what)
      .argument("<name...>", "names of schedules");
    addCommonOptions(command).action(async (names: readonly string[], flags: CommonOptions) => {
      const { tellSchedules } = await import("../commands/schedules/schedules.js");
      done(await tellSchedules(verb, names, { ...program.opts<CommonOptions>(), ...flags }));
    });
  }
}

function addList(schedule: Command, program: Command, done: Done): void {
  const list = subcommand(schedule, "list")
    .description("list them, with what is due next")
    .addOption(watchOption());
  addCommonOptions(list).action(async (flags: ScheduleOptions) => {
    const { listSchedules } = await import("../commands/schedules/schedules.js");
    done(await listSchedules({ ...program.opts<CommonOptions>(), ...flags }));
  });
  const show = subcommand(schedule, "show")
    .description("show one of them with what it posts")
    .argument("<name>", "name of a schedule")
    .addOption(watchOption());
  addCommonOptions(show).action(async (name: string, flags: ScheduleOptions) => {
    const { showSchedule } = await import("../commands/schedules/schedules.js");
    done(await showSchedule(name, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

/** The flags of `add` are the flow's own as well: it reads its words itself, help included. */
function addAdd(schedule: Command, program: Command, done: Done): void {
  subcommand(schedule, "add")
    .description("post a flow again and again; add NAME FLOW --help lists the flags")
    .argument("[name]", "name of the schedule")
    .argument("[flow]", "name of the flow")
    .argument("[flags...]", "--cron, --tz, --catch-up, and the flags of the flow")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (...given: unknown[]) => {
      const command = given.at(-1) as Command;
      const { addSchedule } = await import("../commands/schedules/add.js");
      done(await addSchedule(command.args, program.opts<CommonOptions>()));
    });
}

const VERBS: Readonly<Record<ScheduleVerb, string>> = {
  pause: "post nothing until they are resumed; what comes due meanwhile is skipped",
  resume: "go on at the next due time",
  delete: "delete them; the jobs they posted stay",
};
