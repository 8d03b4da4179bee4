import { Command } from "commander";
import { packageVersion } from "../version.js";
import { addCluster } from "./cluster.js";
import { addCompletion } from "./completion.js";
import { addFlow } from "./flow.js";
import { addHelp, describeProgram } from "./help.js";
import { addJobs } from "./jobs.js";
import { addMachine } from "./machine.js";
import { addRunning } from "./running.js";
import { addSchedules } from "./schedules.js";
import { addCommonOptions, BEGIN, configure, type Done } from "./usage.js";
import { addVerbs } from "./verbs.js";

/** All commands; the code of each is loaded when it is called: `--help` needs none of it. */
export function createProgram(done: Done): Command {
  const program = configure(new Command("jobrunner"))
    .description("Durable execute/revert flows on any set of machines, without a control plane.")
    .version(packageVersion(), "-V, --version", "print the version")
    .enablePositionalOptions();
  addCommonOptions(program);
  describeProgram(program);
  program.commandsGroup(BEGIN);
  addRunning(program, done);
  program.commandsGroup("Jobs:");
  addJobs(program, done);
  addVerbs(program, done);
  program.commandsGroup("Flows and schedules:");
  addFlow(program, done);
  addSchedules(program, done);
  program.commandsGroup("Cluster:");
  addCluster(program, done);
  program.commandsGroup("This machine:");
  addMachine(program, done);
  addCompletion(program, done);
  addHelp(program, done);
  return program;
}
