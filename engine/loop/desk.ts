import { JobrunnerError } from "../../common/error.js";
import type { Sources } from "../args.js";
import type { Bodies, CallHooks } from "../bodies.js";
import type { AtomNode } from "../compile/node.js";
import type { Change } from "../journal.js";
import type { CallRequest } from "./calls.js";
import type { LivePresent } from "./memory.js";

/** What the parts of the loop work on. */
export interface Desk extends Sources {
  readonly job: string;
  readonly bodies: Bodies;
  readonly present: LivePresent;
  /** For questions to code of the author's: they end with the engine and store nothing. */
  readonly hooks: CallHooks;
  now(): number;
  random(): number;
  /** Folds a change and puts it into the next append. */
  emit(change: Change): void;
  /** Calls a body, once the next append is durable. */
  launch(request: CallRequest): void;
  /** Asks something that needs no entry of its own; `answer` may emit. */
  consult<T>(ask: () => Promise<T>, answer: (result: Consulted<T>) => void): void;
  /** Looks at the atom again when that time has come. */
  wake(atom: AtomNode, until: number): void;
}

export type Consulted<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** What became of a question, as a value. */
export async function consulted<T>(ask: () => Promise<T>): Promise<Consulted<T>> {
  try {
    return { ok: true, value: await ask() };
  } catch (error) {
    return { ok: false, error };
  }
}

/** Questions store nothing. */
export function refuseToSave(): Promise<never> {
  return Promise.reject(new JobrunnerError("USAGE", "only tasks and retries can save a value"));
}
