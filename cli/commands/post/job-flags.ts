import { Option } from "commander";
import type { ConcurrencyView } from "../../../common/wire/flow-control.js";
import { collect, readWhole } from "../../options.js";
import { readConcurrency } from "./concurrency.js";

/** What may be told of a job beside its flow and its time, after it was read. */
export interface JobFlags {
  readonly jobName?: string;
  readonly priority?: number;
  readonly require?: readonly string[];
  /** Names of agents: the only one, and those that are not to run it. */
  readonly on?: string;
  readonly avoid?: readonly string[];
  readonly uniqueKey?: string;
  /** As typed. */
  readonly startBy?: string;
  readonly concurrency?: ConcurrencyView;
  /** File of parameters, or `-`. */
  readonly fromFile?: string;
}

/** What the flags mean to who posts once, or again and again. */
export interface JobFlagsHelp {
  readonly name: string;
  readonly uniqueKey: string;
  readonly startBy: Option;
}

export function jobOptions(taken: ReadonlySet<string>, help: JobFlagsHelp): readonly Option[] {
  const label = taken.has("--name") ? "--job-name <label>" : "--name, --job-name <label>";
  return [
    new Option(label, help.name),
    new Option("--from-file <file>", "parameters as JSON or YAML, - for stdin; flags win"),
    new Option("--priority <n>", "higher first, -100..100").argParser(readWhole(-100, 100)),
    new Option("--on <agent>", "only on the agent of that name"),
    new Option("--avoid <agent>", "not on that agent, several times").argParser(collect),
    new Option("--require <capability>", "further capability, several times").argParser(collect),
    new Option("--unique-key <key>", help.uniqueKey),
    help.startBy,
    new Option(
      "--concurrency <key:limit>",
      "at most so many jobs of the key at once, everywhere",
    ).argParser(readConcurrency),
  ];
}

/** Clauses that the job asks for beyond its flow's. */
export function requiredBy({ require, on, avoid }: JobFlags): { require?: readonly string[] } {
  const clauses = [
    ...(require ?? []),
    ...(on === undefined ? [] : [`on_agent(${on})`]),
    ...(avoid ?? []).map((name) => `not_on_agent(${name})`),
  ];
  return clauses.length === 0 ? {} : { require: clauses };
}
