import { at } from "../../common/at.js";
import { type Depth, DEPTHS, type FlowSpec, type LinkSpec, type TaskSpec } from "../flow.js";
import { FlowError } from "./flow-error.js";

type Child = TaskSpec | FlowSpec;

/** What a child of a flow needs from outside and gives to the outside. */
export interface Symbols {
  readonly requires: ReadonlySet<string>;
  /** What orders it: whoever provides one of these comes before. All it requires, and more. */
  readonly follows: ReadonlySet<string>;
  readonly provides: ReadonlySet<string>;
}

/** A decider on the link between two children, by their places in `GraphLinks.children`. */
export interface DeciderLink {
  readonly from: number;
  readonly to: number;
  readonly decider: string;
  readonly depth: Depth;
  readonly whole: boolean;
}

/** The inside of a graph flow: who takes part, in an order that follows the links. */
export interface GraphLinks {
  readonly children: readonly Child[];
  /** For each child the places of its direct predecessors. */
  readonly before: readonly (readonly number[])[];
  readonly deciders: readonly DeciderLink[];
  /** Symbols that no child provides to the child that requires, or only follows, them. */
  readonly lacking: Omit<Symbols, "provides">;
}

/** The links while they are collected; children by their place in the flow as written. */
interface Draft {
  readonly flow: FlowSpec;
  readonly places: ReadonlyMap<string, readonly number[]>;
  readonly before: Set<number>[];
  readonly after: Set<number>[];
  readonly deciders: Map<string, DeciderLink>;
  /** Symbol -> children that still lack it. */
  readonly lacking: Map<string, Set<number>>;
}

/**
 * Links the children of a graph as TaskFlow does: one by one in the order as written, a child that
 * lacks a symbol to the one child that provides it, then the explicit links. Several providers that
 * stand before the child are an error; one that comes after the symbol was found is not looked at.
 */
export function linkGraph(
  flow: FlowSpec,
  symbolsOf: (child: Child) => Symbols,
  given: ReadonlySet<string>,
): GraphLinks {
  const draft: Draft = {
    flow,
    places: placesByName(flow),
    before: flow.children.map(() => new Set<number>()),
    after: flow.children.map(() => new Set<number>()),
    deciders: new Map(),
    lacking: new Map(),
  };
  linkByData(draft, symbolsOf, given);
  for (const link of flow.links ?? []) linkByHand(draft, link);
  const order = inOrder(draft);
  const kept = flow.target === undefined ? undefined : ancestors(draft, flow.target);
  return arrange(
    draft,
    kept === undefined ? order : order.filter((place) => kept.has(place)),
    symbolsOf,
  );
}

function linkByData(
  draft: Draft,
  symbolsOf: (child: Child) => Symbols,
  given: ReadonlySet<string>,
): void {
  const providers = new Map<string, number[]>();
  const { lacking } = draft;
  draft.flow.children.forEach((child, place) => {
    const { follows, provides } = symbolsOf(child);
    for (const symbol of follows) {
      if (given.has(symbol)) continue;
      const known = providers.get(symbol) ?? [];
      const [first] = known;
      if (known.length > 1) throw ambiguous(draft, place, symbol, known);
      if (first === undefined) addTo(lacking, symbol, place);
      else connect(draft, first, place);
    }
    for (const symbol of provides) {
      const others = providers.get(symbol);
      if (others === undefined) providers.set(symbol, [place]);
      else others.push(place);
      for (const reader of lacking.get(symbol) ?? []) {
        if (reader === place) continue;
        connect(draft, place, reader);
        lacking.get(symbol)?.delete(reader);
      }
    }
  });
}

function placesByName(flow: FlowSpec): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  flow.children.forEach(({ name }, place) => {
    const others = places.get(name);
    if (others === undefined) places.set(name, [place]);
    else others.push(place);
  });
  return places;
}

function addTo(map: Map<string, Set<number>>, symbol: string, place: number): void {
  const places = map.get(symbol);
  if (places === undefined) map.set(symbol, new Set([place]));
  else places.add(place);
}

function connect(draft: Draft, from: number, to: number): void {
  at(draft.after, from).add(to);
  at(draft.before, to).add(from);
}

function ambiguous(
  draft: Draft,
  place: number,
  symbol: string,
  providers: readonly number[],
): FlowError {
  inOrder(draft); // A circle that was there before is the earlier mistake.
  const reader = nameOf(draft, place);
  const names = providers.map((provider) => nameOf(draft, provider)).sort();
  const message =
    `Flow "${draft.flow.name}": "${reader}" requires "${symbol}", which several provide: ` +
    names.map((name) => `"${name}"`).join(", ");
  return new FlowError("AmbiguousDependency", message, [reader, ...names]);
}

function linkByHand(draft: Draft, link: LinkSpec): void {
  if (link.depth !== undefined && link.decider === undefined) {
    const message = `Flow "${draft.flow.name}": a link with a depth needs a decider`;
    throw new FlowError("BadValue", message, [link.from, link.to]);
  }
  const from = placeOf(draft, link.from);
  const to = placeOf(draft, link.to);
  if (from === to) throw circle(draft, [from]);
  connect(draft, from, to);
  if (link.decider === undefined) return;
  const { decider, whole = false } = link;
  draft.deciders.set(`${from} ${to}`, { from, to, decider, depth: depthOf(draft, link), whole });
}

/** In capitals or not, as TaskFlow takes them; flows come from code that no compiler has seen. */
function depthOf({ flow }: Draft, { from, to, depth = "ALL" }: LinkSpec): Depth {
  const known = DEPTHS.find((each) => each === String(depth).toUpperCase());
  if (known !== undefined) return known;
  const message =
    `Flow "${flow.name}": the link from "${from}" to "${to}" has depth "${String(depth)}"; ` +
    `there are ${DEPTHS.join(", ")}`;
  throw new FlowError("BadValue", message, [from, to]);
}

function placeOf(draft: Draft, name: string): number {
  const [place, ...others] = draft.places.get(name) ?? [];
  if (place !== undefined && others.length === 0) return place;
  const why = place === undefined ? "has no child" : "has several children";
  const message = `Flow "${draft.flow.name}" ${why} named "${name}"`;
  throw new FlowError("UnknownChild", message, [name]);
}

function nameOf(draft: Draft, place: number): string {
  return at(draft.flow.children, place).name;
}

/** Generation by generation; within one in the order in which the last link to each was found. */
function inOrder(draft: Draft): readonly number[] {
  const missing = draft.before.map((before) => before.size);
  const order = missing.flatMap((count, place) => (count === 0 ? [place] : []));
  for (const place of order) {
    for (const next of at(draft.after, place)) {
      const left = at(missing, next) - 1;
      missing[next] = left;
      if (left === 0) order.push(next);
    }
  }
  if (order.length === draft.flow.children.length) return order;
  throw circle(
    draft,
    missing.flatMap((count, place) => (count > 0 ? [place] : [])),
  );
}

function circle(draft: Draft, places: readonly number[]): FlowError {
  const names = places.map((place) => nameOf(draft, place));
  const message =
    `Flow "${draft.flow.name}": the links form a circle through or before ` +
    names.map((name) => `"${name}"`).join(", ");
  return new FlowError("Cycle", message, names);
}

function ancestors(draft: Draft, target: string): ReadonlySet<number> {
  const kept = new Set([placeOf(draft, target)]);
  for (const place of kept) for (const earlier of at(draft.before, place)) kept.add(earlier);
  return kept;
}

function arrange(
  draft: Draft,
  order: readonly number[],
  symbolsOf: (child: Child) => Symbols,
): GraphLinks {
  const slots: number[] = [];
  order.forEach((place, slot) => (slots[place] = slot));
  const [requires, follows] = [new Set<string>(), new Set<string>()];
  for (const [symbol, places] of draft.lacking) {
    for (const place of places) {
      if (slots[place] === undefined) continue;
      follows.add(symbol);
      if (symbolsOf(at(draft.flow.children, place)).requires.has(symbol)) requires.add(symbol);
    }
  }
  const deciders: DeciderLink[] = [];
  for (const link of draft.deciders.values()) {
    const from = slots[link.from];
    const to = slots[link.to];
    if (from !== undefined && to !== undefined) deciders.push({ ...link, from, to });
  }
  return {
    children: order.map((place) => at(draft.flow.children, place)),
    before: order.map((place) =>
      // A child that takes part brings all its predecessors along.
      [...at(draft.before, place)].map((earlier) => at(slots, earlier)),
    ),
    deciders,
    lacking: { requires, follows },
  };
}
