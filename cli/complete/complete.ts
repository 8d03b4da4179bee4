import { type Argument, type Command, Option } from "commander";
import type { FlowView } from "../../common/wire.js";
import { createPostCommand } from "../commands/post/command.js";
import { createAddCommand } from "../commands/schedules/command.js";
import { parametersOf } from "../commands/post/parameters.js";
import { TOPICS } from "../program/help/topics.js";
import { clean } from "../screen/text.js";
import type { Candidate } from "./candidate.js";
import { type Cursor, findCursor } from "./cursor.js";
import { Live } from "./live.js";

/** A line that asks the shell for names of files as well. */
export const FILES = ":files";

/** Lines for the shell: what could be typed, a tab and a few words about it. */
export async function complete(program: Command, words: readonly string[]): Promise<string[]> {
  const live = new Live(viaOf(words));
  const flows = needsFlow(words) ? await live.flows() : [];
  const cursor = findCursor(program, words, (command, given) => optionsOf(command, given, flows));
  const { typed, before } = cursor;
  const [found, files] = await candidatesAt(cursor, live, flows);
  const lines = found
    .filter(({ text }) => text.startsWith(typed))
    .map(({ text, about = "" }) => `${before}${clean(text)}\t${clean(about)}`);
  return files ? [...lines, FILES] : lines;
}

/** Which word of these commands names a flow, whose flags they have. */
const FLOW_AT: Readonly<Record<string, number>> = { post: 0, graph: 0, add: 1 };

function needsFlow(words: readonly string[]): boolean {
  return words.some((word) => FLOW_AT[word] !== undefined);
}

function optionsOf(
  command: Command,
  given: readonly string[],
  flows: readonly FlowView[],
): readonly Option[] {
  const at = FLOW_AT[command.name()];
  const named = at === undefined ? undefined : flows.find(({ name }) => name === given[at]);
  // The flags of a schedule stand before the flow as well.
  const flow = named ?? (command.name() === "add" ? NO_FLOW : undefined);
  if (flow === undefined) return command.options;
  const parameters = parametersOf(flow.schema);
  const create = command.name() === "add" ? createAddCommand : createPostCommand;
  const own = create(flow).options.map((option) => {
    const parameter = parameters.find((each) => each.flag === option.long);
    const { enum: choices } = (parameter?.item ?? parameter)?.schema ?? {};
    return Array.isArray(choices)
      ? new Option(option.flags, option.description).choices(choices.map(String))
      : option;
  });
  return [...own, ...command.options];
}

const NO_FLOW: FlowView = { name: "FLOW", version: 1, summary: "", schema: {}, file: "" };

type Found = readonly [found: readonly Candidate[], files: boolean];

async function candidatesAt(
  { command, given, typed, option, plain }: Cursor,
  live: Live,
  flows: readonly FlowView[],
): Promise<Found> {
  if (option !== undefined) return valuesOf(option, typed, live);
  if (typed.startsWith("-") && !plain) {
    const options = optionsOf(command, given, flows).filter(({ hidden }) => !hidden);
    return [options.flatMap(({ long, description }) => flag(long, description)), false];
  }
  const commands = given.length === 0 ? command.commands : [];
  const named = commands
    .filter((each) => !each.name().startsWith("__"))
    .map((each) => ({ text: each.name(), about: each.summary() || each.description() }));
  const argument = command.registeredArguments.at(given.length) ?? lastVariadic(command);
  const [values, files] =
    argument === undefined
      ? [[], false]
      : await ofArgument(command, argument, { typed, given, live });
  return [[...named, ...values], files];
}

function lastVariadic({ registeredArguments }: Command): Argument | undefined {
  const last = registeredArguments.at(-1);
  return last?.variadic === true ? last : undefined;
}

function flag(long: string | undefined, about: string): readonly Candidate[] {
  return long === undefined ? [] : [{ text: long, about }];
}

/** By what the help calls a value: there is one word for each thing. */
async function valuesOf(option: Option, typed: string, live: Live): Promise<Found> {
  if (option.argChoices !== undefined) return [option.argChoices.map((text) => ({ text })), false];
  const what = /[<[]([\w|:=-]+)/.exec(option.flags)?.[1] ?? "";
  if (what === "agent" || option.long === "--agent") return [await live.agents(), false];
  if (what === "capability") return [await live.capabilities(), false];
  if (option.long === "--flow") return [(await live.flows()).map(ofFlow), false];
  if (option.long === "--state") return [STATES.map((text) => ({ text })), false];
  return [[], ["file", "dir", "text"].includes(what) && !typed.startsWith("-")];
}

interface At {
  readonly typed: string;
  readonly given: readonly string[];
  readonly live: Live;
}

async function ofArgument(
  command: Command,
  argument: Argument,
  { typed, given, live }: At,
): Promise<Found> {
  if (argument.argChoices !== undefined) {
    return [argument.argChoices.map((text) => ({ text })), false];
  }
  const parent = command.parent?.name() ?? "";
  const flowAt = FLOW_AT[command.name()];
  if (flowAt !== undefined) {
    return [given.length === flowAt ? (await live.flows()).map(ofFlow) : [], false];
  }
  const isJob = argument.name() === "job" || command.name() === "reprioritise";
  if (isJob) return [await live.jobs(typed, STATES_OF[command.name()]), false];
  if (argument.name() === "flow") return [(await live.flows()).map(ofFlow), false];
  if (argument.name() === "capability") return [await live.capabilities(), false];
  if (parent === "schedule") return [await live.schedules(), false];
  if (command.name() === "help") return [helped(command.parent), false];
  if (command.name() === "agents" || parent === "agent") return [await live.agents(), false];
  return [[], ["file", "paths"].includes(argument.name())];
}

/** What `jobrunner help` tells about. */
function helped(program: Command | null): readonly Candidate[] {
  const commands = (program?.commands ?? []).filter((each) => !each.name().startsWith("__"));
  const texts = [...commands.map((each) => each.name()), ...Object.keys(TOPICS)];
  return texts.map((text) => ({ text }));
}

function ofFlow({ name, summary }: FlowView): Candidate {
  return { text: name, about: summary };
}

const OPEN = ["SCHEDULED", "WAITING", "RUNNING", "REVERTING"];
const OVER = ["SUCCESS", "REVERTED", "FAILURE", "CANCELLED"];
const STATES = [...OPEN, "SUSPENDED", ...OVER];

/** Jobs of which the verb makes sense. */
const STATES_OF: Readonly<Record<string, string>> = {
  cancel: [...OPEN, "SUSPENDED"].join(),
  suspend: OPEN.join(),
  resume: "SUSPENDED",
  retry: OVER.join(),
  delete: OVER.join(),
  release: "RUNNING,REVERTING",
  reprioritise: "SCHEDULED,WAITING",
};

/** The agent that the line names is the one to ask. */
function viaOf(words: readonly string[]): string | undefined {
  const place = words.lastIndexOf("--via", words.length - 3);
  if (place >= 0) return words[place + 1] === "=" ? words[place + 2] : words[place + 1];
  return words
    .slice(0, -1)
    .find((word) => word.startsWith("--via="))
    ?.slice("--via=".length);
}
