import type { FlowSpec, RetrySpec, TaskSpec } from "../flow.js";

/** A task, retry or flow with what is its own: where it is, and every trait. */
interface Part {
  readonly what: string;
  readonly home: string;
  readonly traits: Readonly<Record<string, unknown>>;
  /** Of a linear flow: its children in order. */
  readonly order: readonly string[];
}

/** How two flows differ, a line for each difference; empty when they are built the same way. */
export function differences(before: FlowSpec, after: FlowSpec): readonly string[] {
  const [was, is] = [partsOf(before), partsOf(after)];
  const gone = [...was].filter(([key]) => !is.has(key)).map(([, { what }]) => `${what} is gone`);
  const added = [...is]
    .filter(([key]) => !was.has(key))
    .map(([, { what, home }]) => `${what} is new, in ${home}`);
  const changed = [...was].flatMap(([key, part]) => {
    const now = is.get(key);
    return now === undefined ? [] : [...moved(part, now), ...altered(part, now)];
  });
  return [...gone, ...added, ...changed];
}

function moved(was: Part, is: Part): readonly string[] {
  if (was.home !== is.home) return [`${was.what} has moved from ${was.home} to ${is.home}`];
  const common = was.order.filter((name) => is.order.includes(name));
  const now = is.order.filter((name) => was.order.includes(name));
  if (common.join("\n") === now.join("\n")) return [];
  return [`${was.what} runs ${listed(now)} in this order, no longer ${listed(common)}`];
}

function altered(was: Part, is: Part): readonly string[] {
  const names = new Set([...Object.keys(was.traits), ...Object.keys(is.traits)]);
  return [...names].flatMap((name) => {
    const [old, now] = [text(was.traits[name]), text(is.traits[name])];
    return old === now ? [] : [`${was.what}: ${name} was ${old}, is ${now}`];
  });
}

/** By kind and name; flows that share a name are told apart by their place. */
function partsOf(root: FlowSpec): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>();
  const add = (key: string, part: Part): void => {
    parts.set(parts.has(key) ? `${key} in ${part.home}` : key, part);
  };
  const walk = (flow: FlowSpec, home: string): void => {
    const { kind: _kind, name, children, retry, ...traits } = flow;
    const what = `flow "${name}"`;
    const order = flow.pattern === "linear" ? children.map((child) => child.name) : [];
    add(`flow ${home === "" ? "" : name}`, { what, home: home || "the job", traits, order });
    if (retry !== undefined) addAtom(add, { ...retry, name: retryName(flow, retry) }, name);
    for (const child of children) {
      if (child.kind === "flow") walk(child, `"${name}"`);
      else addAtom(add, child, name);
    }
  };
  walk(root, "");
  return parts;
}

function addAtom(
  add: (key: string, part: Part) => void,
  spec: TaskSpec | (RetrySpec & { readonly name: string }),
  flow: string,
): void {
  const { kind, name, ...traits } = spec;
  add(`${kind} ${name}`, { what: `${kind} "${name}"`, home: `"${flow}"`, traits, order: [] });
}

function retryName(flow: FlowSpec, retry: RetrySpec): string {
  return retry.name ?? `${flow.name}_retry`;
}

function listed(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

/** JSON with sorted keys; "not there" for what is left out. */
function text(value: unknown): string {
  return value === undefined ? "not there" : JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]) => [key, sorted(member)]));
}
