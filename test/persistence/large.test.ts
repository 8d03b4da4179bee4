import { expect, it } from "vitest";
import type { Append } from "../../persistence/persistence.js";
import { isLarge } from "../../persistence/large.js";

const LIMIT = 256 * 1024;
const failure = (message: string): Append["changes"] => [
  { change: "atom", atom: "A", to: "FAILURE", failure: { name: "Error", message } as never },
];
const saved = (value: never): Append["changes"] => [{ change: "saved", atom: "A", value }];

it.each<[string, Append["changes"], boolean]>([
  ["plain text below the limit", saved("x".repeat(LIMIT - 100) as never), false],
  ["plain text above it", saved("x".repeat(LIMIT) as never), true],
  ["control characters, seven bytes each", saved("\u0001".repeat(LIMIT / 7 + 1) as never), true],
  ["half as many of them", saved("\u0001".repeat(LIMIT / 14) as never), false],
  ["quotes, four bytes each", saved('"'.repeat(LIMIT / 4) as never), true],
  ["a long list of numbers", saved(Array.from({ length: LIMIT / 4 }, () => 1) as never), true],
  ["a failure's long message", failure("x".repeat(LIMIT)), true],
])("tells by what goes over the wire: %s", (_what, changes, large) => {
  expect(isLarge({ changes })).toBe(large);
});

it("counts the flow that an append brings along", () => {
  const spec = { kind: "flow", name: "f", pattern: "linear", children: [] } as const;
  const needs = { protocol: 1, flow: "f", version: 2, clauses: [] };
  const flow = { needs, spec, flowHash: "h", params: { text: "x".repeat(LIMIT) } };

  expect(isLarge({ changes: [], flow })).toBe(true);
  expect(isLarge({ changes: [], flow: { ...flow, params: {} } })).toBe(false);
});

it("ends at a value that contains itself", () => {
  const circle: unknown[] = [];
  circle.push(circle);

  expect(isLarge({ changes: saved(circle as never) })).toBe(true);
});
