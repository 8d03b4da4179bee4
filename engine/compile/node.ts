import type { Depth, FlowSpec, RetrySpec, TaskSpec } from "../flow.js";

/*
 * A compiled flow: every atom, and an entry and an end for every flow, as nodes of one graph.
 *
 *   linear     enter -> [retry ->] a -> b -> c -> leave
 *   unordered  enter -> [retry ->] each of a, b, c -> leave
 *   graph      enter -> [retry ->] those without predecessor, along the links, the last -> leave
 *
 * A nested flow stands in for a child with its entry and its end, so the number of edges is linear
 * in the number of children and links, whatever is nested in whatever.
 */

/** One argument of an atom's bodies. */
export interface Argument {
  readonly name: string;
  readonly symbol: string;
  readonly optional: boolean;
}

/** Which part of a result a symbol stands for; none = the whole. */
export type Part = { readonly position: number } | { readonly key: string } | undefined;

export interface AtomNode {
  readonly kind: "task" | "retry";
  /** Place in `Plan.nodes`: the order of the text, graphs in the order of their links. */
  readonly index: number;
  readonly name: string;
  readonly spec: TaskSpec | RetrySpec;
  readonly args: readonly Argument[];
  /** Of revert: mostly the same. */
  readonly revertArgs: readonly Argument[];
  readonly home: Home;
  /** Nearest enclosing retry: the one that is asked when this atom fails. */
  readonly retry: AtomNode | undefined;
  readonly deciders: readonly Decider[];
  readonly priority: number;
}

/** Entry or end of a flow: nothing to run, settled as soon as what precedes it is. */
export interface BoundaryNode {
  readonly kind: "enter" | "leave";
  readonly index: number;
  readonly name: string;
}

export type PlanNode = AtomNode | BoundaryNode;

/** A decider whose vote is asked before an atom starts. */
export interface Decider {
  /** The link's source; an "enter" or "leave" node has no result and always votes. */
  readonly from: PlanNode;
  readonly decider: string;
  readonly depth: Depth;
  /** Index of the entry of the flow that a "no" skips as one; none: it is about the atom. */
  readonly whole?: number;
}

/** Where an atom lives: its flow, and which of the flow's children it is (a retry is -1). */
export interface Home {
  readonly flow: PlanFlow;
  readonly slot: number;
}

export interface PlanFlow {
  readonly name: string;
  readonly pattern: FlowSpec["pattern"];
  /** The flows around it and its places in them, from the outermost to the nearest. */
  readonly around: readonly Home[];
  /** Index of its entry: all it holds have greater ones. */
  readonly enter: number;
  /** Graphs: direct predecessors of each child, by slot. */
  readonly before: readonly (readonly number[])[];
}

/** An atom that stores (a part of) its result under a symbol. */
export interface Provider {
  readonly atom: AtomNode;
  readonly part: Part;
}

export interface Plan {
  readonly spec: FlowSpec;
  readonly nodes: readonly PlanNode[];
  readonly atoms: ReadonlyMap<string, AtomNode>;
  /** Direct predecessors and successors of each node, by index. */
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[];
  /** The end of each flow by its entry, and its entry by its end: all it holds lies between. */
  readonly bounds: ReadonlyMap<number, number>;
  /** Symbol -> providers in order of index. */
  readonly providers: ReadonlyMap<string, readonly Provider[]>;
}

export function isAtom(node: PlanNode): node is AtomNode {
  return node.kind === "task" || node.kind === "retry";
}
