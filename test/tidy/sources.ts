import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** One file of the project, parsed once for all rules. */
export interface Source {
  /** Relative to the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

/** What is built into the package. */
export const PRODUCT = [
  "common",
  "cluster",
  "config",
  "engine",
  "sdk",
  "sqlite",
  "consul",
  "mysql",
  "boards",
  "persistence",
  "facts",
  "power",
  "capabilities",
  "flows",
  "agent",
  "cli",
] as const;

const AROUND = ["test", "scripts"] as const;
/** Deliberately bad plugins and recorded data: not ours to keep tidy. */
const SKIPPED = new Set(["node_modules", "fixtures", "vectors", "golden"]);
const CODE = /\.(ts|mts|cts|js|mjs|cjs)$/;

export function toSource(path: string, text: string): Source {
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true) };
}

/** Every source file below `root` that the rules are about. */
export function readSources(root: string): readonly Source[] {
  const paths = [...PRODUCT, ...AROUND].flatMap((folder) => filesBelow(root, folder));
  const top = readdirSync(root).filter((name) => CODE.test(name));
  return [...paths, ...top].map((path) => toSource(path, readFileSync(join(root, path), "utf8")));
}

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesBelow(root, path);
    return CODE.test(entry.name) ? [path] : [];
  });
}

export function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
}

/** The first folder of a path; "." for a file at the top. */
export function topOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : ".";
}

export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => {
    walk(child, visit);
  });
}

/** `path:line`, as an editor understands it. */
export function placeOf(source: Source, node: ts.Node): string {
  const { line } = source.tree.getLineAndCharacterOfPosition(node.getStart(source.tree));
  return `${source.path}:${String(line + 1)}`;
}
