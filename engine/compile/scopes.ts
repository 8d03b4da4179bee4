import { at } from "../../common/at.js";
import type { AtomNode, Home, Plan, PlanFlow, Provider } from "./node.js";

/** A provider an atom can see, and how deep the flow lies that both live in. */
export interface Visible {
  readonly provider: Provider;
  /** Greater is nearer: the atom's own flow first, then the flow around it, and so on. */
  readonly level: number;
}

/**
 * Providers of a symbol that an atom can see: those that always come before it. Nearest flow first,
 * within one flow the last before the atom first (nested flows from their end).
 */
export function* visibleProviders(
  plan: Plan,
  atom: AtomNode,
  symbol: string,
): Generator<Visible, undefined> {
  const providers = plan.providers.get(symbol) ?? [];
  for (let place = placeBefore(providers, atom.index); place >= 0; place -= 1) {
    const provider = at(providers, place);
    const meeting = meet(provider.atom, atom);
    if (precedes(meeting)) yield { provider, level: meeting.depth };
    // Nothing inside an unordered flow precedes what else is in it, but for its retry.
    else if (meeting.flow.pattern === "unordered") {
      place = Math.min(place, placeBefore(providers, meeting.flow.enter + 2) + 1);
    }
  }
}

/** Place of the last provider before that index, -1 for none. */
function placeBefore(providers: readonly Provider[], index: number): number {
  let low = 0;
  let high = providers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(providers, middle).atom.index < index) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The innermost flow that holds two atoms, and the children of it that they are or lie in. */
interface Meeting {
  readonly flow: PlanFlow;
  readonly depth: number;
  readonly earlier: number;
  readonly later: number;
}

function meet(earlier: AtomNode, later: AtomNode): Meeting {
  let depth = Math.min(earlier.home.flow.around.length, later.home.flow.around.length);
  while (homeAt(earlier, depth).flow !== homeAt(later, depth).flow) depth -= 1;
  const { flow, slot } = homeAt(earlier, depth);
  return { flow, depth, earlier: slot, later: homeAt(later, depth).slot };
}

/** Where an atom, or the flow that holds it, lives at that depth; 0 is the outermost flow. */
function homeAt({ home }: AtomNode, depth: number): Home {
  const { around } = home.flow;
  return depth === around.length ? home : at(around, depth);
}

/** `earlier` has the smaller index; children of a row and of a graph are numbered in order. */
function precedes({ flow, earlier, later }: Meeting): boolean {
  if (earlier === -1 || flow.pattern === "linear") return true;
  return flow.pattern === "graph" && leadsTo(flow, earlier, later);
}

/** Whether a path of links leads from one child of a graph to another; slots follow the links. */
function leadsTo(flow: PlanFlow, from: number, to: number): boolean {
  const seen = new Set([to]);
  for (const slot of seen) {
    for (const before of at(flow.before, slot)) {
      if (before === from) return true;
      if (before > from) seen.add(before);
    }
  }
  return false;
}
