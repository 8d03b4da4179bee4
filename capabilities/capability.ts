import type { Json } from "../common/json.js";
import type { FactName, FactTable, PlainName } from "../facts/fact.js";
import type { Facts } from "../facts/facts.js";

/** What a machine answers when a job asks for something; every "no" says why. */
export type Verdict =
  | { readonly able: true }
  | {
      readonly able: false;
      /** What is here, such as "port 8080 is in use". */
      readonly observed: string;
      /** What would do, such as "port 8080 free". */
      readonly needed: string;
      /** What somebody could do about it, such as "1.1 GiB more". */
      readonly help?: string;
    }
  /** Nobody can tell; counts as not able. */
  | { readonly unknown: string };

/** What a capability looks at: values of the facts it needs, and what else it may ask. */
export interface Surroundings {
  /** Those of `needs` that are not about something named; all of them are known. */
  readonly facts: Readonly<Partial<Pick<FactTable, PlainName>>>;
  readonly about: Facts["about"];
  /** Aborts when the time for the answer is over. */
  readonly signal: AbortSignal;
}

/**
 * A predicate over the machine an agent runs on, named as clauses name it. It is asked before a
 * job is claimed and never while it is held: the job itself may change the answer.
 */
export interface Capability {
  readonly name: string;
  /** The plugin that defines it; none for a built-in one. */
  readonly file?: string;
  /** One line for lists and help. */
  readonly summary: string;
  /** Its arguments as people write them: `port`, `path, bytes`. */
  readonly usage: string;
  /** Facts it looks at. One that is unknown makes the verdict unknown, with the fact's reason. */
  readonly needs: readonly FactName[];
  /** The checks of a dear one, which keep a disk or a processor busy, come one at a time. */
  readonly cost: "cheap" | "dear";
  /** True when it is asked in another process, so that an answer may take a while. */
  readonly remote?: boolean;
  /** How long a verdict holds, milliseconds; Infinity for what cannot change while the agent runs. */
  readonly cacheMs: number;
  /**
   * True when two jobs on one machine cannot both have it, such as a port: a job that holds the
   * same clause keeps others from being claimed until it has left.
   */
  readonly exclusive?: boolean;
  /** How long `check` may take, milliseconds; default 250. */
  readonly limitMs?: number;
  /** Why these arguments cannot be meant, for people; undefined when they can. */
  mistake(args: readonly Json[]): string | undefined | Promise<string | undefined>;
  /** Only called with arguments in which there is no mistake. */
  check(args: readonly Json[], surroundings: Surroundings): Verdict | Promise<Verdict>;
}

/** One that knows mistakes in its arguments at once. */
export interface Instant extends Capability {
  mistake(args: readonly Json[]): string | undefined;
}

/** Capabilities by name. */
export interface Registry<C extends Capability = Capability> {
  get(name: string): C | undefined;
  keys(): Iterable<string>;
}

const NAME = /^[a-z][a-z0-9_]{0,63}$/;

/** Why a capability cannot have that name; undefined when it can. */
export function nameMistake(name: string): string | undefined {
  if (NAME.test(name)) return undefined;
  return `A capability cannot be named "${name}": letters, digits, "_".`;
}

/** Capabilities by name; a name that is taken twice, or that no clause can have, is a defect. */
export function toRegistry<C extends Capability>(
  capabilities: readonly C[],
): ReadonlyMap<string, C> {
  const registry = new Map<string, C>();
  for (const capability of capabilities) {
    const { name } = capability;
    const mistake = nameMistake(name);
    if (mistake !== undefined) throw new TypeError(mistake);
    if (registry.has(name)) throw new TypeError(`There are two capabilities named "${name}".`);
    registry.set(name, capability);
  }
  return registry;
}
