import type { FlowSpec, Provides, RetrySpec, TaskSpec } from "../flow.js";
import { type GraphLinks, linkGraph, type Symbols } from "./graph-links.js";
import type { Argument, Part } from "./node.js";

export type AtomSpec = TaskSpec | RetrySpec;
type FlowChild = AtomSpec | FlowSpec;

/** Arguments in the order in which they are written, required ones first. */
export function argumentsOf(spec: AtomSpec): readonly Argument[] {
  const required = new Set(spec.requires);
  if (spec.kind === "retry" && spec.controller.type === "parameterizedForEach") {
    required.add(spec.controller.values ?? "values");
  }
  const optional = (spec.optional ?? []).filter((name) => !required.has(name));
  const argument = (name: string, isOptional: boolean): Argument => ({
    name,
    symbol: ownValue(spec.rebind, name) ?? name,
    optional: isOptional,
  });
  return [
    ...[...required].map((name) => argument(name, false)),
    ...optional.map((name) => argument(name, true)),
  ];
}

/** What revert gets besides the outcome. */
export function revertArgumentsOf(spec: AtomSpec): readonly Argument[] {
  const own = spec.kind === "task" ? spec.revertArgs : "same";
  if (own === "none") return [];
  if (own === undefined || own === "same") return argumentsOf(spec);
  return own.requires.map((name) => ({
    name,
    symbol: ownValue(own.rebind, name) ?? name,
    optional: false,
  }));
}

/** Symbols a result is stored under, with the part each stands for. */
export function provided(
  provides: Provides | undefined,
): readonly { readonly symbol: string; readonly part: Part }[] {
  if (provides === undefined) return [];
  if (typeof provides === "string") return [{ symbol: provides, part: undefined }];
  if (isList(provides)) return provides.map((symbol, position) => ({ symbol, part: { position } }));
  return provides.keys.map((key) => ({ symbol: key, part: { key } }));
}

function isList(provides: Provides): provides is readonly string[] {
  return Array.isArray(provides);
}

/** A member the object has itself: names such as `constructor` are symbols like any other. */
export function ownValue<T>(
  from: Readonly<Record<string, T>> | undefined,
  name: string,
): T | undefined {
  return from !== undefined && Object.hasOwn(from, name) ? from[name] : undefined;
}

/** Symbols of atoms and flows, and the links of graphs, worked out once each. */
export class SymbolTable {
  readonly #symbols = new Map<FlowChild, Symbols>();
  readonly #graphs = new Map<FlowSpec, GraphLinks>();

  of(spec: FlowChild): Symbols {
    const known = this.#symbols.get(spec);
    if (known !== undefined) return known;
    const symbols = spec.kind === "flow" ? this.#ofFlow(spec) : ofAtom(spec);
    this.#symbols.set(spec, symbols);
    return symbols;
  }

  graph(flow: FlowSpec): GraphLinks {
    const known = this.#graphs.get(flow);
    if (known !== undefined) return known;
    const given = flow.retry === undefined ? NONE : this.of(flow.retry);
    const links = linkGraph(flow, (child) => this.of(child), given.provides);
    this.#graphs.set(flow, links);
    return links;
  }

  #ofFlow(flow: FlowSpec): Symbols {
    const own = flow.retry === undefined ? NONE : this.of(flow.retry);
    const requires = new Set(own.requires);
    const follows = new Set(own.follows);
    const provides = new Set(own.provides);
    const graph = flow.pattern === "graph" ? this.graph(flow) : undefined;
    const met = new Set(own.provides);
    for (const child of graph?.children ?? flow.children) {
      const symbols = this.of(child);
      for (const symbol of symbols.requires) if (!met.has(symbol)) requires.add(symbol);
      for (const symbol of symbols.follows) if (!met.has(symbol)) follows.add(symbol);
      for (const symbol of symbols.provides) provides.add(symbol);
      // Only in a row does the earlier child give to the later one.
      if (flow.pattern === "linear") for (const symbol of symbols.provides) met.add(symbol);
    }
    if (graph === undefined) return { requires, follows, provides };
    return {
      requires: new Set([...own.requires, ...graph.lacking.requires]),
      follows: new Set([...own.follows, ...graph.lacking.follows]),
      provides,
    };
  }
}

const NONE: Symbols = { requires: new Set(), follows: new Set(), provides: new Set() };

function ofAtom(spec: AtomSpec): Symbols {
  const requires = new Set<string>();
  for (const argument of [...argumentsOf(spec), ...revertArgumentsOf(spec)]) {
    const injected = spec.inject !== undefined && Object.hasOwn(spec.inject, argument.symbol);
    if (!argument.optional && !injected) requires.add(argument.symbol);
  }
  return {
    requires,
    follows: new Set([...requires, ...(spec.follows ?? [])]),
    provides: new Set(provided(spec.provides).map(({ symbol }) => symbol)),
  };
}
