import { ownValue } from "../compile/symbols.js";
import type { Change, Entry } from "../journal.js";

/** Old name of an atom -> its present one; atoms that are not in it keep their names. */
export type Renaming = Readonly<Record<string, string>>;

/**
 * The journal with each atom under the name it has now: a journal is never rewritten, so entries
 * before a `migrated` one bear the names of an older version of the flow.
 */
export function inPresentNames(entries: readonly Entry[]): readonly Entry[] {
  if (!entries.some(({ changes }) => changes.some(isMigrated))) return entries;
  let present = (name: string): string => name;
  const answer: Entry[] = [];
  for (const entry of [...entries].reverse()) {
    answer.push(renameEntry(entry, present));
    // It is alone in its entry: what was appended with it would have two names at once.
    for (const change of entry.changes.filter(isMigrated)) {
      const after = present;
      present = (name) => after(lookUp(change.renamed, name));
    }
  }
  return answer.reverse();
}

/** The entries with other names for their atoms. */
export function renameAll(entries: readonly Entry[], renaming: Renaming): readonly Entry[] {
  return entries.map((entry) => renameEntry(entry, (name) => lookUp(renaming, name)));
}

export function lookUp(renaming: Renaming, name: string): string {
  return ownValue(renaming, name) ?? name;
}

/** Atoms that a change is about, retries included. */
export function atomsIn(change: Change): readonly string[] {
  switch (change.change) {
    case "atom":
    case "saved":
    case "kept":
      return [change.atom];
    case "decision":
      return [change.retry, change.atom];
    case "ignore":
    case "again":
      return change.atoms;
    case "reset":
      return [change.retry, ...change.atoms];
    case "wait":
      return [change.retry];
    case "cancel":
    case "flow":
    case "handover":
    case "migrated":
      return [];
  }
}

function isMigrated(change: Change): change is Extract<Change, { change: "migrated" }> {
  return change.change === "migrated";
}

function renameEntry(entry: Entry, to: (name: string) => string): Entry {
  return { ...entry, changes: entry.changes.map((change) => renameChange(change, to)) };
}

function renameChange(change: Change, to: (name: string) => string): Change {
  switch (change.change) {
    case "atom":
    case "saved":
      return { ...change, atom: to(change.atom) };
    case "kept":
      return renameKept(change, to);
    case "decision":
      return { ...change, retry: to(change.retry), atom: to(change.atom) };
    case "ignore":
    case "again":
      return { ...change, atoms: change.atoms.map(to) };
    case "reset":
      return { ...change, retry: to(change.retry), atoms: change.atoms.map(to) };
    case "wait":
      return { ...change, retry: to(change.retry) };
    case "cancel":
    case "flow":
    case "handover":
    case "migrated":
      return change;
  }
}

/** A retry's attempts name those that failed under them. */
function renameKept(
  change: Extract<Change, { change: "kept" }>,
  to: (name: string) => string,
): Change {
  const { attempts } = change;
  const renamed = attempts?.map(({ value, failures }) => {
    const named = Object.entries(failures).map(([name, failure]) => [to(name), failure] as const);
    return { value, failures: Object.fromEntries(named) };
  });
  return { ...change, atom: to(change.atom), ...(renamed && { attempts: renamed }) };
}
