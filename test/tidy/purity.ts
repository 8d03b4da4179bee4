import ts from "typescript";
import type { Source } from "./sources.js";
import { placeOf, topOf, walk } from "./sources.js";

/** Folders that know no clock, no randomness and no I/O; imports are the arrows' business. */
const PURE = ["engine", "common"];

/** Globals that reach time, chance, the outside, or code made at run time. */
const IMPURE = new Set([
  "Buffer",
  "Date",
  "Function",
  "WebSocket",
  "console",
  "crypto",
  "eval",
  "fetch",
  "global",
  "globalThis",
  "performance",
  "process",
  "require",
  "setImmediate",
  "setInterval",
  "setTimeout",
]);
const IMPURE_MEMBERS = new Set(["Math.random", "AbortSignal.timeout", "import.meta"]);

export function checkPurity(source: Source): readonly string[] {
  if (!PURE.includes(topOf(source.path))) return [];
  const problems: string[] = [];
  walk(source.tree, (node) => {
    const name = impureName(node);
    if (name !== undefined) problems.push(`${placeOf(source, node)} uses ${name}`);
  });
  return problems;
}

function impureName(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) || ts.isMetaProperty(node)) {
    const text = node.getText();
    return IMPURE_MEMBERS.has(text) ? text : undefined;
  }
  if (!ts.isIdentifier(node) || !IMPURE.has(node.text)) return undefined;
  return isReference(node) ? node.text : undefined;
}

/** False for a name that only looks like the global: a member, a key, a declaration of its own. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  return !("name" in parent && parent.name === node);
}

/** Zero `any`, and no comment that switches the compiler off. */
export function checkTypes(source: Source): readonly string[] {
  const problems: string[] = [];
  walk(source.tree, (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) problems.push(`${placeOf(source, node)} says any`);
  });
  source.text.split("\n").forEach((line, index) => {
    if (isEscape(line, source.path)) problems.push(`${source.path}:${String(index + 1)} ${ESCAPE}`);
  });
  return problems;
}

const ESCAPE = "switches the compiler off";

/** A test of types says which line must not compile; nothing else may. */
function isEscape(line: string, path: string): boolean {
  if (/^\s*\/[/*]+\s*@ts-(ignore|nocheck)/.test(line)) return true;
  return !path.startsWith("test/") && /^\s*\/[/*]+\s*@ts-expect-error/.test(line);
}

/** Work left undone belongs in a ticket, not in a file. */
export function checkLeftovers({ path, text }: Source): readonly string[] {
  return text.split("\n").flatMap((line, index) => {
    const left = /(\/\/|\/\*|^\s*\*).*\b(TODO|FIXME|XXX|HACK)\b/.exec(line)?.[2];
    return left === undefined ? [] : [`${path}:${String(index + 1)} has a ${left}`];
  });
}
