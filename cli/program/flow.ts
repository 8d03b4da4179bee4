import type { Command } from "commander";
import type { NewOptions } from "../agent/flow/new.js";
import type { FlowsOptions } from "../commands/flow/flows.js";
import { type CommonOptions, GRAPH_FORMATS } from "../options.js";
import {
  addCommonOptions,
  addPrintOptions,
  commandGroup,
  type Done,
  subcommand,
  watchOption,
} from "./usage.js";

/** `flows`, `flow`; their code is loaded when they are called. */
export function addFlow(program: Command, done: Done): void {
  addFlows(program, done);
  const flow = commandGroup(program, "flow").description("show, draw, begin, check and test flows");
  addShow(flow, program, done);
  addNew(flow, program, done);
  addCheck(flow, program, done);
  addTest(flow, done);
  addGraph(flow, program, done);
}

function addShow(flow: Command, program: Command, done: Done): void {
  const command = subcommand(flow, "show")
    .description("show a flow with its parameters")
    .argument("<flow>", "name of the flow")
    .addOption(watchOption());
  addCommonOptions(command).action(async (name: string, flags: FlowsOptions) => {
    const { showFlow } = await import("../commands/flow/show.js");
    done(await showFlow(name, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addNew(flow: Command, program: Command, done: Done): void {
  const command = subcommand(flow, "new")
    .description("write a flow that works and its test, to be changed")
    .argument("<name>", "name of the flow")
    .option("--dir <dir>", "where (default: ./flows, else the first of the settings)");
  addPrintOptions(command).action(async (name: string, flags: NewOptions) => {
    const { newFlow } = await import("../agent/flow/new.js");
    done(await newFlow(name, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addCheck(flow: Command, program: Command, done: Done): void {
  const command = subcommand(flow, "check")
    .description("load and compile flows as an agent does; problems with file and line")
    .argument("[paths...]", "files or directories (default: those an agent would load)");
  addPrintOptions(command).action(async (paths: readonly string[], flags: CommonOptions) => {
    const { checkFlows } = await import("../agent/flow/check.js");
    done(await checkFlows(paths, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addTest(flow: Command, done: Done): void {
  subcommand(flow, "test")
    .description("run the tests of flows, written for Node's own test runner")
    .argument("[paths...]", "flows, files, or directories with NAME.test.ts (default: ./flows)")
    .action(async (paths: readonly string[]) => {
      const { testFlows } = await import("../agent/flow/test.js");
      done(await testFlows(paths));
    });
}

function addFlows(program: Command, done: Done): void {
  const command = subcommand(program, "flows")
    .description("list the flows an agent can run")
    .addOption(watchOption());
  addCommonOptions(command).action(async (flags: FlowsOptions) => {
    const { flows } = await import("../commands/flow/flows.js");
    done(await flows({ ...program.opts<CommonOptions>(), ...flags }));
  });
}

/** What it draws may depend on the flow's parameters: it takes the flags of `post FLOW`. */
function addGraph(flow: Command, program: Command, done: Done): void {
  subcommand(flow, "graph")
    .description("draw a flow; takes the flags of `post FLOW`, on which its shape may depend")
    .usage(`<flow> [--as ${GRAPH_FORMATS.join("|")}] [flags...]`)
    .argument("[flow...]")
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (_words: string[], _options: object, command: Command) => {
      const { graphFlow } = await import("../commands/flow/graph.js");
      done(await graphFlow(command.args, program.opts<CommonOptions>()));
    });
}
