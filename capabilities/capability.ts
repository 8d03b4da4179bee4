import type { Json } from "../common/json.js";

/** What a machine answers when a job asks for something; every "no" says why. */
export type Verdict =
  | { readonly able: true }
  | {
      readonly able: false;
      /** What is here, such as "port 8080 is in use". */
      readonly observed: string;
      /** What would do, such as "port 8080 free". */
      readonly needed: string;
    }
  /** Nobody can tell; counts as not able. */
  | { readonly unknown: string };

/**
 * A predicate over the machine an agent runs on, named as clauses name it. It is asked before a
 * job is claimed and never while it is held: the job itself may change the answer.
 */
export interface Capability {
  readonly name: string;
  /** One line for lists and help. */
  readonly summary: string;
  /** How long a verdict holds, milliseconds; Infinity for what cannot change while the agent runs. */
  readonly cacheMs: number;
  /**
   * True when two jobs on one machine cannot both have it, such as a port: a job that holds the
   * same clause keeps others from being claimed until it has left.
   */
  readonly exclusive?: boolean;
  /** How long `check` may take, milliseconds; default 250. */
  readonly limitMs?: number;
  /** Arguments come from a job that anybody may have posted: check them. */
  check(args: readonly Json[], signal: AbortSignal): Verdict | Promise<Verdict>;
}

/** A capability; the place where what authors wrote is checked. */
export function defineCapability(capability: Capability): Capability {
  if (!/^[a-z][a-z0-9_]{0,63}$/.test(capability.name)) {
    throw new TypeError(`A capability cannot be named "${capability.name}": letters, digits, "_".`);
  }
  return capability;
}

/** Capabilities by name; a name that is taken twice is a defect. */
export function toRegistry(capabilities: readonly Capability[]): ReadonlyMap<string, Capability> {
  const registry = new Map<string, Capability>();
  for (const capability of capabilities) {
    if (registry.has(capability.name)) {
      throw new TypeError(`There are two capabilities named "${capability.name}".`);
    }
    registry.set(capability.name, capability);
  }
  return registry;
}
