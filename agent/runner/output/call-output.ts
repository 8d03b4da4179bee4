import type { Said } from "../../../common/log.js";
import { type BodyCall, phaseOf } from "../messages.js";
import { LogBudget, ReadBudget } from "./budgets.js";

/** What the commands of one call write, all of them together. */
export interface CallOutput {
  readonly log: LogBudget;
  readonly budget: ReadBudget;
}

/** The output of each call of a runner, as long as somebody holds the call. */
export class CallOutputs {
  readonly #log: (session: number, said: Said) => void;
  readonly #outputs = new WeakMap<object, CallOutput>();

  constructor(log: (session: number, said: Said) => void) {
    this.#log = log;
  }

  of(call: object, session: number, body: BodyCall): CallOutput {
    const known = this.#outputs.get(call);
    if (known !== undefined) return known;
    const said = { atom: body.call.atom, phase: phaseOf(body) };
    const log = new LogBudget((text, stream) => this.#log(session, { ...said, stream, text }));
    const output = { log, budget: new ReadBudget() };
    this.#outputs.set(call, output);
    return output;
  }

  /** So much was handed to the body. */
  taken(call: object | undefined, characters: number): void {
    if (call !== undefined) this.#outputs.get(call)?.budget.taken(characters);
  }
}
