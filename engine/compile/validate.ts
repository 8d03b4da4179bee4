import { FlowError } from "./flow-error.js";
import { type Argument, type AtomNode, isAtom, type Plan } from "./node.js";
import { visibleProviders } from "./scopes.js";

interface Missing {
  readonly atom: AtomNode;
  readonly argument: Argument;
}

/**
 * Checks that every required argument has a source: the atom's own `inject`, the store, or an atom
 * that always comes before. An optional one that it follows may be missing, but not come too late.
 * Throws a FlowError that names all that have none.
 */
export function validate(plan: Plan, storeKeys: Iterable<string>): void {
  const store = new Set(storeKeys);
  const missing: Missing[] = [];
  for (const atom of plan.nodes) {
    if (!isAtom(atom)) continue;
    const ofRevert = atom.revertArgs.filter((argument) => !isAmong(atom.args, argument));
    for (const argument of [...atom.args, ...ofRevert]) {
      if (!hasSource(plan, atom, argument, store)) missing.push({ atom, argument });
    }
  }
  if (missing.length > 0) throw report(plan, missing);
}

function isAmong(all: readonly Argument[], { name, symbol, optional }: Argument): boolean {
  return all.some(
    (each) => each.name === name && each.symbol === symbol && each.optional === optional,
  );
}

function hasSource(
  plan: Plan,
  atom: AtomNode,
  argument: Argument,
  store: ReadonlySet<string>,
): boolean {
  if (store.has(argument.symbol)) return true;
  const { inject, follows = [] } = atom.spec;
  const ordered = follows.includes(argument.symbol) && plan.providers.has(argument.symbol);
  if (argument.optional && !ordered) return true;
  if (inject !== undefined && Object.hasOwn(inject, argument.symbol)) return true;
  return visibleProviders(plan, atom, argument.symbol).next().value !== undefined;
}

function report(plan: Plan, missing: readonly Missing[]): FlowError {
  const lines = missing.map(({ atom, argument: { name, symbol } }) => {
    const what = name === symbol ? `"${name}"` : `"${name}" (symbol "${symbol}")`;
    const elsewhere = (plan.providers.get(symbol) ?? []).map((provider) => provider.atom.name);
    const why =
      elsewhere.length === 0
        ? "nobody provides it"
        : `provided by ${elsewhere.join(", ")}, which not always come${elsewhere.length === 1 ? "s" : ""} before`;
    return `"${atom.name}" requires ${what}: ${why}`;
  });
  const names = [...new Set(missing.map(({ argument }) => argument.name))];
  const message = `Flow "${plan.spec.name}" lacks arguments: ${lines.join("; ")}`;
  return new FlowError("MissingDependencies", message, names);
}
