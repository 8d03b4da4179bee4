import { existsSync, readFileSync } from "node:fs";

/**
 * What a test's flow really did: one line of JSON for each, appended by one write, on a file that
 * jobrunner knows nothing of. `begin` comes before the effect, `end` after it.
 */
export interface Effect {
  readonly job: string;
  readonly atom: string;
  /** Name of the agent whose runner did it. */
  readonly agent: string;
  readonly phase: "begin" | "end";
  readonly body: "execute" | "revert";
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
  /** The process that did it: each runner is another. */
  readonly pid: number;
  readonly attempt: number;
  readonly again: boolean;
}

/** In the order written. A torn last line, of a writer killed in the middle, is left out. */
export function readEffects(file: string): readonly Effect[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  lines.pop(); // Empty, or torn.
  return lines.filter((line) => line !== "").map(toEffect);
}

function toEffect(line: string): Effect {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null || !("atom" in value) || !("phase" in value)) {
    throw new Error(`not an effect: ${line}`);
  }
  return value as Effect;
}

/** How often each atom's body came to its end, by `atom` (or `atom revert`). */
export function countEnds(effects: readonly Effect[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { atom, phase, body } of effects) {
    if (phase !== "end") continue;
    const name = body === "execute" ? atom : `${atom} revert`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
