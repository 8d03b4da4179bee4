import type { Command } from "commander";
import type { AgentsOptions } from "../commands/agents/agents.js";
import type { DutyVerb, TellOptions } from "../commands/agents/tell.js";
import type { BoardOptions } from "../commands/board.js";
import type { TestOptions } from "../commands/capabilities/test.js";
import type { EventsOptions } from "../commands/events/events.js";
import { type CommonOptions, readDuration } from "../options.js";
import { addCommonOptions, commandGroup, type Done, subcommand, watchOption } from "./usage.js";

/** `events`, `agents`, `agent`, `capabilities`, `capability`, `board`; their code is loaded when they are called. */
export function addCluster(program: Command, done: Done): void {
  addEvents(program, done);
  addAgents(program, done);
  addCapabilities(program, done);
  addBoard(program, done);
}

function addEvents(program: Command, done: Done): void {
  const command = subcommand(program, "events")
    .description("tell what happens on all agents, as it happens")
    .option("--job <job>", "only of this job")
    .option("--flow <flow>", "only of jobs of this flow")
    .option("--types <types>", "only these, with commas between: job.*,atom.state")
    .option("--after <cursor>", "go on after this event: `cursor` of -o jsonl");
  addCommonOptions(command).action(async (flags: EventsOptions) => {
    const { events } = await import("../commands/events/events.js");
    done(await events({ ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addAgents(program: Command, done: Done): void {
  const list = subcommand(program, "agents")
    .description("list the agents of the cluster, or show one of them")
    .argument("[name]", "name of an agent")
    .addOption(watchOption());
  addCommonOptions(list).action(async (name: string | undefined, flags: AgentsOptions) => {
    const { agents } = await import("../commands/agents/agents.js");
    done(await agents(name, { ...program.opts<CommonOptions>(), ...flags }));
  });
  const agent = commandGroup(program, "agent").description("tell an agent what to do with jobs");
  const show = subcommand(agent, "show")
    .description("show all that is known of an agent; the same as `agents NAME`")
    .argument("[name]", "name of an agent (default: the one that is asked)")
    .addOption(watchOption());
  addCommonOptions(show).action(async (name: string | undefined, flags: AgentsOptions) => {
    const { agents } = await import("../commands/agents/agents.js");
    done(await agents(name ?? "self", { ...program.opts<CommonOptions>(), ...flags }));
  });
  for (const [verb, what] of Object.entries(DUTY)) {
    const command = subcommand(agent, verb)
      .description(what)
      .argument("[name]", "name of an agent (default: the one that is asked)");
    if (verb === "drain") {
      command
        .option("--wait", "until nothing runs there any more")
        .option("--timeout <duration>", "wait no longer than this", readDuration);
    }
    addCommonOptions(command).action(async (name: string | undefined, flags: TellOptions) => {
      const { tellAgent } = await import("../commands/agents/tell.js");
      const options = { ...program.opts<CommonOptions>(), ...flags };
      done(await tellAgent(verb as DutyVerb, name, options));
    });
  }
  const forget = subcommand(agent, "forget")
    .description("no longer list an agent that is gone, or has another name now")
    .argument("<name>", "name of the agent");
  addCommonOptions(forget).action(async (name: string, flags: CommonOptions) => {
    const { forgetAgent } = await import("../commands/agents/agents.js");
    done(await forgetAgent(name, { ...program.opts<CommonOptions>(), ...flags }));
  });
}

function addCapabilities(program: Command, done: Done): void {
  const list = subcommand(program, "capabilities")
    .description("list what jobs may ask of a machine, or show one thing of it")
    .argument("[capability]", "name of one");
  addCommonOptions(list).action(async (name: string | undefined, flags: CommonOptions) => {
    const { capabilities } = await import("../commands/capabilities/capabilities.js");
    done(await capabilities(name, { ...program.opts<CommonOptions>(), ...flags }));
  });
  const one = commandGroup(program, "capability").description("try what jobs may ask of a machine");
  const test = subcommand(one, "test")
    .description("tell whether something is so, with what is there and what is needed")
    .argument("<capability>", "its name, or all of it: 'port_is_free(8080)'")
    .argument("[values...]", "what stands in its brackets")
    .option("--agent <agent>", "only what that agent says, self for the one that is asked");
  addCommonOptions(test).action(
    async (name: string, values: readonly string[], flags: TestOptions) => {
      const { testCapability } = await import("../commands/capabilities/test.js");
      done(await testCapability(name, values, { ...program.opts<CommonOptions>(), ...flags }));
    },
  );
}

function addBoard(program: Command, done: Done): void {
  const board = commandGroup(program, "board").description("which board the cluster uses");
  const show = subcommand(board, "show")
    .description("show the board of the agent that is asked, and the one the cluster uses")
    .addOption(watchOption());
  addCommonOptions(show).action(async (flags: BoardOptions) => {
    const { showBoard } = await import("../commands/board.js");
    done(await showBoard({ ...program.opts<CommonOptions>(), ...flags }));
  });
  const use = subcommand(board, "use").description(
    "make the board of the agent that is asked the cluster's, whatever it used before",
  );
  addCommonOptions(use).action(async (flags: CommonOptions) => {
    const { useBoard } = await import("../commands/board.js");
    done(await useBoard({ ...program.opts<CommonOptions>(), ...flags }));
  });
}

const DUTY: Readonly<Record<DutyVerb, string>> = {
  drain: "take no more jobs, and hand over those that run at their next step",
  cordon: "take no more jobs; those that run go on",
  resume: "take jobs again",
};
