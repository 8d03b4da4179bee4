import ts from "typescript";
import type { Source } from "./sources.js";
import { folderOf, placeOf, PRODUCT, topOf, walk } from "./sources.js";

/** Limits may go down, not up. */
export const LINES_MAX = 300;
export const FUNCTION_LINES_MAX = 60;
export const COLUMNS_MAX = 100;
export const PARAMETERS_MAX = 4;
export const FOLDER_FILES_MAX = 12;

const BARRELS = ["sdk/index.ts", "sdk/testing/index.ts"];
const NAMELESS = /^(utils?|helpers?|misc|manager|common|shared|lib)\.[cm]?[jt]s$/;

export function checkFileLength({ path, text }: Source): readonly string[] {
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  return lines > LINES_MAX ? [`${path} has ${String(lines)} lines`] : [];
}

export function checkColumns({ path, text }: Source): readonly string[] {
  return text.split("\n").flatMap((line, index) => {
    const columns = [...line].length;
    return columns > COLUMNS_MAX && !isText(line)
      ? [`${path}:${String(index + 1)} has ${String(columns)} columns`]
      : [];
  });
}

/** A line that is too long only for a text in it, such as a test's name, which nobody can break. */
function isText(line: string): boolean {
  return [...line.replaceAll(/(["'`/])(?:\\.|(?!\1).)*\1/g, "")].length <= COLUMNS_MAX / 2;
}

/** Length and parameters of every function. */
export function checkFunctions(source: Source): readonly string[] {
  const problems: string[] = [];
  walk(source.tree, (node) => {
    if (!ts.isFunctionLike(node) || !("body" in node) || node.body === undefined) return;
    const place = placeOf(source, node);
    const lines = linesOf(source, node);
    if (lines > FUNCTION_LINES_MAX && !isList(source, node)) {
      problems.push(`${place} has a function of ${String(lines)} lines`);
    }
    if (node.parameters.length > PARAMETERS_MAX) {
      problems.push(`${place} has a function of ${String(node.parameters.length)} parameters`);
    }
  });
  return problems;
}

function linesOf({ tree }: Source, node: ts.Node): number {
  const first = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
  return tree.getLineAndCharacterOfPosition(node.getEnd()).line - first + 1;
}

/** A chapter of tests, or a test of types: a list of lines that must not compile. */
function isList({ path }: Source, node: ts.FunctionLike): boolean {
  if (path.endsWith(".test-d.ts")) return true;
  const body = "body" in node ? node.body : undefined;
  if (!path.startsWith("test/") || body === undefined || !ts.isBlock(body)) return false;
  return body.statements.some(
    (statement) =>
      ts.isExpressionStatement(statement) && /^(describe|it|test)\b/.test(statement.getText()),
  );
}

/** Product folders only: tests are found by the name of what they test. */
export function checkFolderSizes(paths: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(folderOf(path), (counts.get(folderOf(path)) ?? 0) + 1);
  return [...counts]
    .filter(([folder, count]) => isProduct(folder) && count > FOLDER_FILES_MAX)
    .map(([folder, count]) => `${folder}/ holds ${String(count)} source files`);
}

function isProduct(path: string): boolean {
  return (PRODUCT as readonly string[]).includes(topOf(`${path}/`));
}

export function checkFileName({ path }: Source): readonly string[] {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return NAMELESS.test(name) ? [`${path} is named after nothing`] : [];
}

/** A file that only passes on what others export, outside the two indexes. */
export function checkBarrel({ path, tree }: Source): readonly string[] {
  if (BARRELS.includes(path) || tree.statements.length === 0) return [];
  const own = tree.statements.some((statement) => !isPassedOn(statement));
  const star = tree.statements.some(
    (statement) => ts.isExportDeclaration(statement) && statement.exportClause === undefined,
  );
  return !own || star ? [`${path} passes on the exports of others`] : [];
}

function isPassedOn(statement: ts.Statement): boolean {
  return ts.isExportDeclaration(statement) || ts.isImportDeclaration(statement);
}

/** Plugins are found by their default export; nothing else has one. */
export function checkDefaultExport({ path, tree }: Source): readonly string[] {
  if (!isProduct(path) || topOf(path) === "flows") return [];
  const found = tree.statements.some(
    (statement) =>
      (ts.isExportAssignment(statement) && !statement.isExportEquals) ||
      (ts.canHaveModifiers(statement) &&
        ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)),
  );
  return found ? [`${path} has a default export`] : [];
}
