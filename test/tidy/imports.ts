import { posix } from "node:path";
import ts from "typescript";
import type { Source } from "./sources.js";
import { folderOf, placeOf, walk } from "./sources.js";

/** How an import binds: for its types only, when the file loads, or when a call asks for it. */
export type Binding = "type" | "static" | "dynamic";

export interface Import {
  readonly from: string;
  /** A project path (`common/json.ts`), `node:fs`, or `npm:knex`. */
  readonly to: string;
  readonly binding: Binding;
  /** `path:line` of the import. */
  readonly place: string;
}

/** Every import of a file, in whatever form it is written. */
export function importsOf(source: Source): readonly Import[] {
  const found: Import[] = [];
  walk(source.tree, (node) => {
    const [specifier, binding] = readImport(node);
    if (specifier === undefined || binding === undefined) return;
    const to = resolve(source.path, specifier);
    found.push({ from: source.path, to, binding, place: placeOf(source, node) });
  });
  return found;
}

function readImport(node: ts.Node): readonly [string, Binding] | readonly [] {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    const specifier = textOf(node.moduleSpecifier);
    return specifier === undefined ? [] : [specifier, isTypeOnly(node) ? "type" : "static"];
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    const specifier = textOf(node.argument.literal);
    return specifier === undefined ? [] : [specifier, "type"];
  }
  if (ts.isExternalModuleReference(node)) {
    const specifier = textOf(node.expression);
    return specifier === undefined ? [] : [specifier, "static"];
  }
  return ts.isCallExpression(node) ? readCall(node) : [];
}

function readCall(call: ts.CallExpression): readonly [string, Binding] | readonly [] {
  const specifier = textOf(call.arguments[0]);
  if (specifier === undefined) return [];
  const { expression } = call;
  if (expression.kind === ts.SyntaxKind.ImportKeyword) return [specifier, "dynamic"];
  const requires = ts.isIdentifier(expression) && expression.text === "require";
  return requires ? [specifier, "dynamic"] : [];
}

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const bindings = clause.namedBindings;
  if (clause.name !== undefined || bindings === undefined || !ts.isNamedImports(bindings)) {
    return false;
  }
  return bindings.elements.length > 0 && bindings.elements.every((item) => item.isTypeOnly);
}

function textOf(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function resolve(from: string, specifier: string): string {
  if (specifier.startsWith(".")) {
    const path = posix.normalize(posix.join(folderOf(from), specifier));
    return path.replace(/\.js$/, ".ts");
  }
  if (specifier.startsWith("node:")) return specifier;
  if (specifier === "jobrunner") return "sdk/index.ts"; // The package's own export.
  if (specifier === "jobrunner/testing") return "sdk/testing/index.ts";
  const parts = specifier.split("/");
  return `npm:${parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/")}`;
}

/** Circles among the project's files, type-only imports included; each as one line. */
export function findCycles(imports: readonly Import[]): readonly string[] {
  const targets = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    targets.set(from, (targets.get(from) ?? new Set()).add(to));
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(" -> "));
    if (start >= 0 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return cycles;
}
