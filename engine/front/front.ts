import { at } from "../../common/at.js";
import type { Plan } from "../compile/node.js";

/**
 * Which way is open, kept up to date at a cost proportional to what changed.
 *
 *   settled  the node is done and so is all before it: what follows may execute
 *   clear    the node holds nothing to undo, and so does all after it: what precedes may revert
 *
 * Each node counts its direct neighbours that are not; a change travels on only where a node's own
 * answer changes.
 */
export class Front {
  /** Nodes looked at so far: what deciding costs, for tests. */
  visits = 0;
  readonly #forward: Tide;
  readonly #backward: Tide;

  constructor(plan: Plan) {
    const last = plan.nodes.length - 1;
    const forward = plan.nodes.map((_, index) => index);
    const backward = forward.map((index) => last - index);
    this.#forward = { from: plan.before, to: plan.after, own: [], reached: [], missing: [] };
    this.#backward = { from: plan.after, to: plan.before, own: [], reached: [], missing: [] };
    for (const { kind, index } of plan.nodes) {
      this.#forward.own[index] = kind === "enter" || kind === "leave";
      this.#backward.own[index] = true;
    }
    start(this.#forward, forward);
    start(this.#backward, backward);
  }

  mayExecute(index: number): boolean {
    return this.#forward.missing[index] === 0;
  }

  mayRevert(index: number): boolean {
    return this.#backward.missing[index] === 0;
  }

  /** Tells whether an atom is done, and whether it holds nothing to undo; calls back who may move. */
  update(
    index: number,
    now: { readonly done: boolean; readonly clear: boolean },
    freed: (index: number) => void,
  ): void {
    this.#spread(this.#forward, index, now.done, freed);
    this.#spread(this.#backward, index, now.clear, freed);
  }

  #spread(tide: Tide, index: number, own: boolean, freed: (index: number) => void): void {
    if (tide.own[index] === own) return;
    tide.own[index] = own;
    const changed = [index];
    for (const node of changed) {
      this.visits += 1;
      const reached = at(tide.own, node) && at(tide.missing, node) === 0;
      if (reached === tide.reached[node]) continue;
      tide.reached[node] = reached;
      for (const next of at(tide.to, node)) {
        this.visits += 1;
        const before = at(tide.missing, next);
        const missing = before + (reached ? -1 : 1);
        tide.missing[next] = missing;
        if (before !== 0 && missing !== 0) continue;
        changed.push(next);
        if (missing === 0) freed(next);
      }
    }
  }
}

/** One direction: a node is reached when its own answer is yes and all `from` are reached. */
interface Tide {
  readonly from: readonly (readonly number[])[];
  readonly to: readonly (readonly number[])[];
  readonly own: boolean[];
  readonly reached: boolean[];
  /** Number of direct `from` neighbours that are not reached. */
  readonly missing: number[];
}

/** `order` follows the direction: every node after all its `from`. */
function start(tide: Tide, order: readonly number[]): void {
  for (const node of order) {
    const missing = at(tide.from, node).filter((from) => !at(tide.reached, from)).length;
    tide.missing[node] = missing;
    tide.reached[node] = missing === 0 && at(tide.own, node);
  }
}
