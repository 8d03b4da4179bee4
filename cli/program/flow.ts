import type { Command } from "commander";
import { type CommonOptions, GRAPH_FORMATS } from "../options.js";
import { addCommonOptions, type Done, subcommand } from "./usage.js";

/** `flows`, `flow`; their code is loaded when they are called. */
export function addFlow(program: Command, done: Done): void {
  addFlows(program, done);
  const flow = subcommand(program, "flow").description("draw, check and begin flows");
  addGraph(flow, program, done);
}

function addFlows(program: Command, done: Done): void {
  const command = subcommand(program, "flows").description("list the flows an agent can run");
  addCommonOptions(command).action(async (flags: CommonOptions) => {
    const { flows } = await import("../commands/flow/flows.js");
    done(await flows({ ...program.opts<CommonOptions>(), ...flags }));
  });
}

/** What it draws may depend on the flow's parameters: it takes the flags of `post FLOW`. */
function addGraph(flow: Command, program: Command, done: Done): void {
  subcommand(flow, "graph")
    .description("draw a flow, with the flags of `post FLOW` that its shape depends on")
    .usage(`<flow> [--as ${GRAPH_FORMATS.join("|")}] [flags...]`)
    .argument("[words...]", "name of the flow, and its flags")
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (_words: string[], _options: object, command: Command) => {
      const { graphFlow } = await import("../commands/flow/graph.js");
      done(await graphFlow(command.args, program.opts<CommonOptions>()));
    });
}
