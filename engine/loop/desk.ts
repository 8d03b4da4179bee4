import type { Sources } from "../args.js";
import type { Bodies } from "../bodies.js";
import type { AtomNode } from "../compile/node.js";
import type { Present } from "../decide.js";
import type { Change } from "../journal.js";
import type { CallRequest } from "./calls.js";

/** What the parts of the loop work on. */
export interface Desk extends Sources {
  readonly job: string;
  readonly bodies: Bodies;
  readonly present: Present & { readonly voting: Set<AtomNode> };
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
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };
