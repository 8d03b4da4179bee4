import { BUILTIN_CAPABILITIES } from "../../capabilities/builtin/all.js";
import type { Capability, Registry } from "../../capabilities/capability.js";
import { createEvaluator, type Evaluator } from "../../capabilities/evaluate.js";
import type { Clock } from "../../common/clock.js";
import type { Facts } from "../../facts/facts.js";
import { authorCapability } from "../runner/author-capability.js";
import type { Manifest, Runners } from "../runner/runner.js";

export interface AbilitiesOptions {
  readonly facts: Facts;
  readonly runners: Runners;
  readonly clock: Clock;
  /** Watches the capabilities that are asked. */
  readonly watch?: (registry: Registry) => Registry;
}

/** The capabilities this agent can ask: the built-in ones, and those its plugins define. */
export interface Abilities extends Registry, Evaluator {
  /** What the plugins define, once they are loaded. */
  learn(manifest: Manifest): void;
}

export function createAbilities(options: AbilitiesOptions): Abilities {
  const { facts, runners, clock, watch = (each: Registry): Registry => each } = options;
  let authors: ReadonlyMap<string, Capability> = new Map();
  const registry: Registry = {
    get: (name) => BUILTIN_CAPABILITIES.get(name) ?? authors.get(name),
    keys: () => [...BUILTIN_CAPABILITIES.keys(), ...authors.keys()],
  };
  return {
    ...registry,
    ...createEvaluator({ capabilities: watch(registry), facts, clock }),
    learn({ capabilities }) {
      const made = capabilities.map((info) => authorCapability(info, runners, clock));
      authors = new Map(made.map((capability) => [capability.name, capability]));
    },
  };
}
