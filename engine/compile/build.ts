import { at } from "../../common/at.js";
import { JobrunnerError } from "../../common/error.js";
import type { Backoff, FlowSpec, RetrySpec } from "../flow.js";
import type { AtomNode, Decider, Home, Plan, PlanFlow, PlanNode, Provider } from "./node.js";
import { FlowError } from "./flow-error.js";
import type { DeciderLink, GraphLinks } from "./graph-links.js";
import { type AtomSpec, argumentsOf, provided, revertArgumentsOf, SymbolTable } from "./symbols.js";

/** A plan in the making. */
interface Site {
  readonly table: SymbolTable;
  readonly nodes: PlanNode[];
  readonly atoms: Map<string, AtomNode>;
  readonly before: number[][];
  readonly after: number[][];
  readonly bounds: Map<number, number>;
  readonly providers: Map<string, Provider[]>;
  /** Deciders on links into a node, by the node's index. */
  readonly votes: Map<number, Decider[]>;
  /** Paths of the flows that hold each atom, for messages. */
  readonly paths: Map<string, string>;
}

/** What the children of a flow hang under. */
interface Place {
  readonly home: Home | undefined;
  readonly retry: AtomNode | undefined;
  readonly path: string;
}

/** The first and last node of a child, by index. */
interface Ends {
  readonly first: number;
  readonly last: number;
}

export function buildPlan(spec: FlowSpec): Plan {
  const site: Site = {
    table: new SymbolTable(),
    nodes: [],
    atoms: new Map(),
    before: [],
    after: [],
    bounds: new Map(),
    providers: new Map(),
    votes: new Map(),
    paths: new Map(),
  };
  checkLimits(spec);
  site.table.of(spec); // Links first: a flow's own mistakes before those between flows.
  addFlow(site, spec, { home: undefined, retry: undefined, path: "" });
  const { nodes, atoms, before, after, bounds, providers } = site;
  return { spec, nodes, atoms, before, after, bounds, providers };
}

/** The atom of that name. Throws BAD_RECORD: a journal names only atoms of its flow. */
export function atomOf(plan: Plan, name: string): AtomNode {
  const atom = plan.atoms.get(name);
  if (atom !== undefined) return atom;
  const message = `The journal names "${name}", which flow "${plan.spec.name}" does not have`;
  throw new JobrunnerError("BAD_RECORD", message);
}

const PATTERNS: readonly unknown[] = ["linear", "unordered", "graph"];

function addFlow(site: Site, spec: FlowSpec, place: Place): Ends {
  if (!PATTERNS.includes(spec.pattern)) {
    const message = `Flow "${spec.name}" has pattern "${String(spec.pattern)}"; there are ${PATTERNS.join(", ")}`;
    throw new FlowError("BadValue", message, [spec.name]);
  }
  const path = place.path === "" ? spec.name : `${place.path}/${spec.name}`;
  const graph = spec.pattern === "graph" ? site.table.graph(spec) : undefined;
  const enter = addNode(site, (index) => ({ kind: "enter", index, name: spec.name }));
  const flow: PlanFlow = {
    name: spec.name,
    pattern: spec.pattern,
    around: place.home === undefined ? [] : [...place.home.flow.around, place.home],
    enter: enter.index,
    before: graph?.before ?? [],
  };
  const retry = addRetry(site, spec, { home: { flow, slot: -1 }, retry: place.retry, path });
  const inside: Inside = {
    flow,
    head: retry?.index ?? enter.index,
    // The entry's votes are passed on to what starts the flow; a retry is asked in their stead.
    votes: retry === undefined ? (site.votes.get(enter.index) ?? []) : [],
    retry: retry ?? place.retry,
    path,
  };
  const ends = addChildren(site, inside, graph ?? { children: spec.children, deciders: [] });
  const leave = addNode(site, (index) => ({ kind: "leave", index, name: spec.name }));
  for (const last of lastOf(inside, ends)) connect(site, last, leave.index);
  site.bounds.set(enter.index, leave.index).set(leave.index, enter.index);
  return { first: enter.index, last: leave.index };
}

/** A flow whose children are being added. */
interface Inside {
  readonly flow: PlanFlow;
  /** What the children without predecessor hang under. */
  readonly head: number;
  readonly votes: readonly Decider[];
  readonly retry: AtomNode | undefined;
  readonly path: string;
}

function addChildren(
  site: Site,
  inside: Inside,
  graph: Pick<GraphLinks, "children" | "deciders">,
): readonly Ends[] {
  const links = new Map<number, DeciderLink[]>();
  for (const link of graph.deciders) links.set(link.to, [...(links.get(link.to) ?? []), link]);
  const ends: Ends[] = [];
  graph.children.forEach((child, slot) => {
    const first = site.nodes.length;
    const sources = sourcesOf(inside.flow, slot).map((source) => at(ends, source).last);
    const votes: Decider[] = sources.length === 0 ? [...inside.votes] : [];
    for (const link of links.get(slot) ?? []) {
      const from = at(site.nodes, at(ends, link.from).last);
      const whole = link.whole && child.kind === "flow" ? { whole: first } : {};
      votes.push({ from, decider: link.decider, depth: link.depth, ...whole });
    }
    if (votes.length > 0) site.votes.set(first, votes);
    const place = { home: { flow: inside.flow, slot }, retry: inside.retry, path: inside.path };
    ends.push(child.kind === "flow" ? addFlow(site, child, place) : addAtom(site, child, place));
    for (const source of sources.length === 0 ? [inside.head] : sources) {
      connect(site, source, first);
    }
  });
  return ends;
}

/** Slots of the direct predecessors of a child. */
function sourcesOf(flow: PlanFlow, slot: number): readonly number[] {
  if (flow.pattern === "graph") return at(flow.before, slot);
  return flow.pattern === "linear" && slot > 0 ? [slot - 1] : [];
}

function lastOf(inside: Inside, ends: readonly Ends[]): readonly number[] {
  if (ends.length === 0) return [inside.head];
  const followed = new Set<number>();
  ends.forEach((_, slot) => {
    for (const source of sourcesOf(inside.flow, slot)) followed.add(source);
  });
  return ends.flatMap(({ last }, slot) => (followed.has(slot) ? [] : last));
}

function addRetry(
  site: Site,
  spec: FlowSpec,
  place: Place & { readonly home: Home },
): AtomNode | undefined {
  if (spec.retry === undefined) return undefined;
  const enter = site.nodes.length - 1;
  site.votes.set(enter + 1, site.votes.get(enter) ?? []);
  checkRetry(spec.retry, place.path);
  const name = spec.retry.name ?? `${spec.name}_retry`;
  const { first } = addAtom(site, { ...spec.retry, name }, place);
  connect(site, enter, first);
  return site.atoms.get(name);
}

function addAtom(
  site: Site,
  spec: AtomSpec & { readonly name: string },
  place: Place & { readonly home: Home },
): Ends {
  const { home, retry, path } = place;
  checkName(site, spec.name, path);
  if (spec.kind === "task" && spec.timeoutMs !== undefined && !(spec.timeoutMs > 0)) {
    throw badNumber(path, `the time limit of "${spec.name}" must be more than nothing`);
  }
  const atom = addNode(site, (index) => ({
    kind: spec.kind,
    index,
    name: spec.name,
    spec,
    args: argumentsOf(spec),
    revertArgs: revertArgumentsOf(spec),
    home,
    retry,
    deciders: site.votes.get(index) ?? [],
    priority: spec.kind === "task" ? (spec.priority ?? 0) : 0,
  }));
  site.atoms.set(atom.name, atom);
  site.paths.set(atom.name, path);
  for (const { symbol, part } of provided(spec.provides)) {
    const others = site.providers.get(symbol);
    if (others === undefined) site.providers.set(symbol, [{ atom, part }]);
    else others.push({ atom, part });
  }
  return { first: atom.index, last: atom.index };
}

function addNode<N extends PlanNode>(site: Site, make: (index: number) => N): N {
  const node = make(site.nodes.length);
  site.nodes.push(node);
  site.before.push([]);
  site.after.push([]);
  return node;
}

function connect(site: Site, from: number, to: number): void {
  at(site.after, from).push(to);
  at(site.before, to).push(from);
}

function checkName(site: Site, name: string, path: string): void {
  const other = site.paths.get(name);
  if (other === undefined) return;
  const message = `Two atoms are named "${name}": one in flow "${other}", one in flow "${path}"`;
  throw new FlowError("Duplicate", message, [name]);
}

function checkRetry(spec: RetrySpec, path: string): void {
  const { controller } = spec;
  if (controller.type === "times" && !(controller.attempts >= 1)) {
    throw badNumber(path, `the retry's attempts (${controller.attempts}) must be at least 1`);
  }
  const { delayMs = 0, factor = 1, maxMs = 0, jitter = 0 }: Partial<Backoff> = spec.backoff ?? {};
  const sane = delayMs >= 0 && factor >= 1 && maxMs >= 0 && jitter >= 0 && jitter <= 1;
  if (!sane) throw badNumber(path, "the retry's back-off has a number out of range");
}

function checkLimits({ name, concurrency = 1, timeoutMs = 1 }: FlowSpec): void {
  if (!(concurrency >= 1)) throw badNumber(name, "its concurrency must be at least 1");
  if (!(timeoutMs > 0)) throw badNumber(name, "its time limit must be more than nothing");
}

function badNumber(path: string, why: string): FlowError {
  return new FlowError("BadValue", `Flow "${path}": ${why}`, [path]);
}
