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
    if (precedes(meeting)) yield { provider, level: meeting.flow.depth };
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
  readonly earlier: number;
  readonly later: number;
}

function meet(earlier: AtomNode, later: AtomNode): Meeting {
  let a: Home = earlier.home;
  let b: Home = later.home;
  while (a.flow !== b.flow) {
    if (a.flow.depth >= b.flow.depth) a = outwards(a);
    else b = outwards(b);
  }
  return { flow: a.flow, earlier: a.slot, later: b.slot };
}

function outwards(home: Home): Home {
  const outer = home.flow.home;
  if (outer === undefined) throw new Error("two atoms of one plan have no flow in common");
  return outer;
}

function precedes({ flow, earlier, later }: Meeting): boolean {
  if (earlier === -1) return later !== -1; // The flow's retry precedes all its children.
  if (later === -1 || earlier === later) return false;
  if (flow.pattern === "linear") return earlier < later;
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
