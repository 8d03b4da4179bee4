import { z } from "zod";
import { nameMistake, type Verdict } from "../../capabilities/capability.js";
import { JobrunnerError } from "../../common/error.js";
import type { Clause } from "../../common/job.js";
import type { Json } from "../../common/json.js";
import type { FactTable, PlainName } from "../../facts/fact.js";
import { type Duration, toMs } from "../retry.js";
import { no, unknown, yes } from "./answers.js";

type Values<N extends PlainName> = { readonly [F in N]: FactTable[F] };

export interface CapabilityOptions<Args extends z.ZodTuple, N extends PlainName> {
  /** As clauses and `--require` name it: lower case, digits, "_". */
  readonly name: string;
  /** One line for lists and help. */
  readonly summary?: string;
  /** What it is asked with; default nothing. */
  readonly args?: Args;
  /** Facts it looks at; one that is unknown makes the answer unknown. */
  readonly needs?: readonly N[];
  /** `dear` when it starts a program or reads a disk: asked one at a time. Default cheap. */
  readonly cost?: "cheap" | "dear";
  /** How long an answer holds; default 5s. */
  readonly cacheFor?: Duration;
  /** For one answer; default 250ms. */
  readonly timeLimit?: Duration;
  /** True when two jobs on one machine cannot both have it. */
  readonly exclusive?: boolean;
  /**
   * Asked before a job is taken, in the agent's runner: it must not compute for long without a
   * pause. What it throws means "not able".
   */
  check(
    args: z.output<Args>,
    facts: Values<N>,
    signal: AbortSignal,
  ): boolean | Verdict | Promise<boolean | Verdict>;
}

/** What an agent is told of an author's capability. */
export interface CapabilityHead {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly needs: readonly PlainName[];
  readonly cost: "cheap" | "dear";
  /** Milliseconds. */
  readonly cacheMs: number;
  /** Milliseconds. */
  readonly limitMs: number;
  readonly exclusive: boolean;
}

const MARK: unique symbol = Symbol.for("jobrunner.capability") as never;

interface Definition {
  readonly head: CapabilityHead;
  /** Why the arguments do not fit; undefined when they do. */
  mistake(args: readonly Json[]): string | undefined;
  /** Rejects with whatever the author's code throws. */
  check(args: readonly Json[], facts: unknown, signal: AbortSignal): Promise<Verdict>;
}

/** Called in a flow's `capabilities` it makes a clause; the default export of a plugin. */
export interface CapabilityDefinition<Args extends readonly unknown[] = readonly unknown[]> {
  (...args: Args): Clause;
  readonly [MARK]: Definition;
}

const NONE = z.tuple([]);

/** Defines a capability. Throws BAD_FLOW when something could not work for any job. */
export function defineCapability<
  Args extends z.ZodTuple = typeof NONE,
  const N extends PlainName = never,
>(options: CapabilityOptions<Args, N>): CapabilityDefinition<z.input<Args> & unknown[]> {
  const { name, summary = "", needs = [], cost = "cheap", exclusive = false } = options;
  const wrong = nameMistake(String(name));
  if (wrong !== undefined) throw new JobrunnerError("BAD_FLOW", wrong);
  if (typeof options.check !== "function") {
    throw new JobrunnerError("BAD_FLOW", `Capability "${name}" has no check.`);
  }
  const args: z.ZodTuple = options.args ?? NONE;
  const head: CapabilityHead = {
    ...{ name, summary, needs, cost, exclusive },
    usage: args.def.items.map((item) => (item as z.ZodType).description ?? "...").join(", "),
    cacheMs: toMs(options.cacheFor ?? "5s", "cacheFor"),
    limitMs: toMs(options.timeLimit ?? "250ms", "timeLimit"),
  };
  const definition: Definition = {
    head,
    mistake: (given) => mistakeOf(args, given),
    async check(given, facts, signal) {
      const parsed = args.parse([...given]) as z.output<Args>;
      return toVerdict(name, await options.check(parsed, facts as Values<N>, signal));
    },
  };
  const clause = (...given: readonly unknown[]): Clause => ({ name, args: given as Json[] });
  return Object.assign(clause, { [MARK]: definition });
}

/** What `defineCapability` gave, of whichever copy of this package; undefined for anything else. */
export function capabilityOf(value: unknown): Definition | undefined {
  return typeof value === "function" && MARK in value
    ? (value as CapabilityDefinition)[MARK]
    : undefined;
}

function mistakeOf(args: z.ZodTuple, given: readonly Json[]): string | undefined {
  const { error } = args.safeParse(given);
  const [issue] = error?.issues ?? [];
  if (issue === undefined) return undefined;
  const place = issue.path.length === 0 ? "" : `argument ${Number(issue.path[0]) + 1}: `;
  return `${place}${issue.message}`;
}

function toVerdict(name: string, answer: unknown): Verdict {
  if (answer === true) return yes();
  if (answer === false) return no(`${name} says no`, name);
  if (isVerdict(answer)) return answer;
  return unknown(`its check answered neither true, false, yes(), no() nor unknown()`);
}

/** Authors may write JavaScript: nothing about the answer is certain. */
function isVerdict(answer: unknown): answer is Verdict {
  if (typeof answer !== "object" || answer === null) return false;
  const { able, observed, needed, unknown: why } = answer as Readonly<Record<string, unknown>>;
  if (typeof why === "string" || able === true) return true;
  return able === false && typeof observed === "string" && typeof needed === "string";
}
