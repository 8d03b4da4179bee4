import type { FactName, FactTable, KeyedName } from "../../facts/fact.js";
import type { Capability, Instant, Surroundings, Verdict } from "../capability.js";
import { type ArgumentsOf, type ArgumentType, readArguments } from "../parameters.js";

interface Builtin<T extends readonly ArgumentType[], N extends FactName> extends Pick<
  Capability,
  "name" | "summary" | "cacheMs" | "exclusive" | "limitMs"
> {
  readonly takes: T;
  readonly needs: readonly N[];
  /** Default cheap. */
  readonly cost?: "cheap" | "dear";
  check(
    args: ArgumentsOf<T>,
    facts: { readonly [F in Exclude<N, KeyedName>]: FactTable[F] },
    surroundings: Surroundings,
  ): Verdict | Promise<Verdict>;
}

/** A capability with the types of its arguments and facts. */
export function builtin<const T extends readonly ArgumentType[], const N extends FactName>(
  definition: Builtin<T, N>,
): Instant {
  const { takes, check, cost = "cheap", ...rest } = definition;
  return {
    ...rest,
    cost,
    usage: takes.join(", "),
    mistake(args) {
      const read = readArguments(takes, args);
      return "mistake" in read ? read.mistake : undefined;
    },
    check(args, surroundings) {
      const read = readArguments(takes, args);
      if ("mistake" in read) return { unknown: read.mistake };
      // Whoever asks has seen to it that all needed facts are known.
      const facts = surroundings.facts as Parameters<typeof check>[1];
      return check(read.values, facts, surroundings);
    },
  };
}

export const ABLE: Verdict = { able: true };

export function notAble(observed: string, needed: string, help?: string): Verdict {
  return { able: false, observed, needed, ...(help === undefined ? {} : { help }) };
}
