import { Command } from "commander";
import { packageVersion } from "../version.js";
import { addCluster } from "./cluster.js";
import { addCompletion } from "./completion.js";
import { addFlow } from "./flow.js";
import { addJobs } from "./jobs.js";
import { addMachine } from "./machine.js";
import { addRunning } from "./running.js";
import { addSchedules } from "./schedules.js";
import { addService } from "./service.js";
import { addCommonOptions, configure, type Done } from "./usage.js";
import { addVerbs } from "./verbs.js";

/** All commands with their flags; the code of each is loaded when it is called. */
export function createProgram(done: Done): Command {
  const program = configure(new Command("jobrunner"))
    .description("Durable execute/revert flows on any set of machines, without a control plane.")
    .version(packageVersion(), "-V, --version", "print the version")
    .enablePositionalOptions();
  addCommonOptions(program);
  addRunning(program, done);
  addJobs(program, done);
  addVerbs(program, done);
  addFlow(program, done);
  addSchedules(program, done);
  addCluster(program, done);
  addMachine(program, done);
  addService(program, done);
  addCompletion(program, done);
  return program;
}
