import ts from "typescript";
import type { Source } from "./sources.js";
import { walk } from "./sources.js";

const RULE = /\b[PV]-\d+\b/g;

export interface Protocol {
  /** Every rule and schedule of the page, such as `P-7`. */
  readonly all: ReadonlySet<string>;
  /** Those the page says are not built. */
  readonly later: ReadonlySet<string>;
}

/** Reads docs/protocol.md: `- **P-7 raise** ...`; one whose whole text is *Later.* is not built. */
export function readProtocol(page: string): Protocol {
  const all = new Set<string>();
  const later = new Set<string>();
  for (const [, rule, text] of page.matchAll(/^- \*\*([PV]-\d+)[^*]*\*\*(.*)$/gm)) {
    if (rule === undefined) continue;
    all.add(rule);
    if (/^\s*\*later/i.test(text ?? "")) later.add(rule);
  }
  return { all, later };
}

/** Rules that code or tests name and the page does not have. */
export function checkMentions(sources: readonly Source[], { all }: Protocol): readonly string[] {
  return sources.flatMap(({ path, text }) =>
    [...new Set(text.match(RULE) ?? [])]
      .filter((rule) => !all.has(rule))
      .map((rule) => `${path} names ${rule}, which docs/protocol.md does not have`),
  );
}

/** Rules in force that no test carries in its name or in that of its chapter. */
export function checkTested(sources: readonly Source[], protocol: Protocol): readonly string[] {
  const named = new Set(sources.flatMap(titlesOf).flatMap((title) => spread(title)));
  return [...protocol.all]
    .filter((rule) => !protocol.later.has(rule) && !named.has(rule))
    .map((rule) => `no test is named by ${rule}`);
}

/** `P-4 to P-8` names all five. */
function spread(title: string): readonly string[] {
  const rules = title.match(RULE) ?? [];
  const ranges = [...title.matchAll(/\b([PV])-(\d+) to [PV]-(\d+)\b/g)];
  return [
    ...rules,
    ...ranges.flatMap(([, letter = "", from = "", to = ""]) =>
      Array.from(
        { length: Number(to) - Number(from) + 1 },
        (_, n) => `${letter}-${String(Number(from) + n)}`,
      ),
    ),
  ];
}

/** First arguments of describe, it and test, with whatever is chained to them. */
export function titlesOf({ path, tree }: Source): readonly string[] {
  const titles: string[] = [];
  if (!path.endsWith(".test.ts") && !path.startsWith("test/contracts/")) return titles;
  walk(tree, (node) => {
    if (!ts.isCallExpression(node) || !/^(describe|it|test)\b/.test(node.expression.getText()))
      return;
    const [title] = node.arguments;
    if (title === undefined) return;
    if (ts.isStringLiteralLike(title)) titles.push(title.text);
    else if (ts.isTemplateExpression(title)) titles.push(title.getText());
  });
  return titles;
}
