import { JobrunnerError } from "../../../common/error.js";
import { nearest } from "../../../common/text/nearest.js";
import type { Change } from "../../../engine/journal.js";
import type { Plan } from "../../../engine/plan.js";
import type { Assembled } from "../../node.js";
import type { KillAt, Mishap, TestOptions } from "../options.js";

type Part = "execute" | "revert";

/** What is still to happen to the flow; it outlives the owners. */
export class Script {
  readonly #options: TestOptions;
  readonly #after: string[];
  readonly #inside: string[];
  readonly #cancel: { readonly atom: string; readonly revert: boolean } | undefined;
  #at: KillAt | undefined;
  #cancelled = false;
  readonly #starts = new Map<string, number>();

  /** Throws USAGE for an atom that the flow does not have, or that has no body. */
  constructor(options: TestOptions, plan: Plan, { bodies }: Assembled) {
    this.#options = options;
    this.#after = toList(options.killOwnerAfter);
    this.#inside = toList(options.killOwnerIn);
    const { cancelAt } = options;
    this.#cancel = typeof cancelAt === "string" ? { atom: cancelAt, revert: true } : cancelAt;
    this.#at = options.killOwnerAt;
    const withBody = [...bodies.tasks.keys(), ...bodies.retries.keys()];
    const named = {
      bodies: Object.keys(options.bodies ?? {}),
      fail: Object.keys(options.fail ?? {}),
      failRevert: Object.keys(options.failRevert ?? {}),
      killOwnerAfter: this.#after,
      killOwnerIn: this.#inside,
      cancelAt: this.#cancel === undefined ? [] : [this.#cancel.atom],
    };
    for (const [option, names] of Object.entries(named)) {
      const known = option === "killOwnerAfter" ? [...plan.atoms.keys()] : withBody;
      for (const name of names) checkName({ option, name, known }, plan);
    }
  }

  /** Counts a start of a body; the error with which it fails, if it is to fail. */
  mishap(part: Part, atom: string): Error | undefined {
    const start = (this.#starts.get(`${part} ${atom}`) ?? 0) + 1;
    this.#starts.set(`${part} ${atom}`, start);
    const mishaps = part === "execute" ? this.#options.fail : this.#options.failRevert;
    if (mishaps === undefined || !Object.hasOwn(mishaps, atom)) return undefined;
    return toError(mishaps[atom], start, `${part} of "${atom}" was told to fail`);
  }

  /** Whether, and how, somebody cancels the job now that this body starts; only once. */
  cancels(part: Part, atom: string): { readonly revert: boolean } | undefined {
    const cancel = this.#cancel;
    if (this.#cancelled || part !== "execute" || cancel?.atom !== atom) return undefined;
    this.#cancelled = true;
    return cancel;
  }

  /** Whether the owner dies now that this body has ended. */
  killsIn(part: Part, atom: string): boolean {
    return part === "execute" && take(this.#inside, atom);
  }

  /** Whether the owner dies before or after this entry is stored. */
  killsAt(entry: number, when: KillAt["when"], changes: readonly Change[]): boolean {
    if (this.#at?.entry === entry && this.#at.when === when) {
      this.#at = undefined;
      return true;
    }
    if (when === "before") return false;
    return changes.some((change) => isOutcome(change) && take(this.#after, change.atom));
  }

  /** A test in which what it wants to see does not happen shows nothing. */
  checkAllHappened(): void {
    const missed = [
      ...this.#after.map((atom) => `killOwnerAfter: "${atom}" came to no outcome`),
      ...this.#inside.map((atom) => `killOwnerIn: "${atom}" did not start`),
      ...(this.#at === undefined ? [] : [`killOwnerAt: there was no entry ${this.#at.entry}`]),
      ...(this.#cancel === undefined || this.#cancelled
        ? []
        : [`cancelAt: "${this.#cancel.atom}" did not start`]),
    ];
    if (missed.length > 0) throw new JobrunnerError("USAGE", `${missed.join("; ")}.`);
  }
}

function toList(names: string | readonly string[] | undefined): string[] {
  return names === undefined ? [] : [names].flat();
}

function take(names: string[], name: string): boolean {
  const place = names.indexOf(name);
  if (place < 0) return false;
  names.splice(place, 1);
  return true;
}

function isOutcome(change: Change): change is Extract<Change, { change: "atom" }> {
  return change.change === "atom" && (change.to === "SUCCESS" || change.to === "FAILURE");
}

function toError(mishap: Mishap | undefined, start: number, text: string): Error | undefined {
  if (typeof mishap === "number") return start <= mishap ? new Error(text) : undefined;
  let answer: unknown = mishap;
  try {
    if (typeof mishap === "function") answer = mishap(start);
  } catch (error) {
    answer = error;
  }
  if (typeof answer === "string") return new Error(answer);
  return answer instanceof Error ? answer : undefined;
}

interface Named {
  readonly option: string;
  readonly name: string;
  readonly known: readonly string[];
}

function checkName({ option, name, known }: Named, plan: Plan): void {
  if (known.includes(name)) return;
  const flow = plan.spec.name;
  if (plan.atoms.has(name)) {
    const message = `${option}: "${name}" is a built-in retry of "${flow}", which has no body.`;
    throw new JobrunnerError("USAGE", message);
  }
  const close = nearest(name, known);
  const advice = close === undefined ? `it has ${known.join(", ")}` : `did you mean "${close}"?`;
  throw new JobrunnerError("USAGE", `${option}: flow "${flow}" has no atom "${name}"; ${advice}`);
}
