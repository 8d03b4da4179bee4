import type { Sources } from "../args.js";
import type { Bodies } from "../bodies.js";
import type { AtomNode } from "../compile/node.js";
import type { Change } from "../journal.js";
import type { Consultation } from "./asking/consultations.js";
import type { CallRequest } from "./calls.js";
import type { LivePresent } from "./memory.js";

/** What the parts of the loop work on. */
export interface Desk extends Sources {
  readonly job: string;
  readonly bodies: Bodies;
  readonly present: LivePresent;
  now(): number;
  random(): number;
  /** Folds a change and puts it into the next append. */
  emit(change: Change): void;
  /** Calls a body, once the next append is durable. */
  launch(request: CallRequest): void;
  /** Asks code of the author's something. */
  consult<T>(consultation: Consultation<T>): void;
  /** Looks at the atom again when that time has come. */
  wake(atom: AtomNode, until: number): void;
}
