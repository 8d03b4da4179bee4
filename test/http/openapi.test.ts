import { createConfig, lintFromString } from "@redocly/openapi-core";
import { describe, expect, it } from "vitest";
import { SCOPES } from "../../common/access.js";
import { ajv, DOCUMENT, ROUTES } from "./documented.js";

describe("the OpenAPI document", () => {
  it("pleases a public linter", async () => {
    const config = await createConfig({
      extends: ["recommended-strict"],
      rules: {
        // Addresses are relative: every agent answers under its own.
        "no-server-example.com": "off",
      },
    });

    const problems = await lintFromString({ source: JSON.stringify(DOCUMENT), config });

    const texts = problems.map(({ message, location }) => `${location[0]?.pointer}: ${message}`);
    expect(texts).toEqual([]);
  });

  it("names every route, with an id and a summary of its own and a scope", () => {
    const ids = ROUTES.map(({ operationId }) => operationId);
    const summaries = ROUTES.map(({ summary }) => summary);

    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(summaries).size).toBe(summaries.length);
    for (const { scope, operationId, summary, schema } of ROUTES) {
      expect([...SCOPES, "none"], operationId).toContain(scope);
      expect(operationId).toMatch(/^[a-z][A-Za-z]+$/);
      expect(summary, operationId).toMatch(/^[A-Z].*[^.]$/);
      expect(Object.keys(schema.response).length, operationId).toBeGreaterThan(0);
    }
  });

  it("holds schemas that a strict validator takes, all of them", () => {
    for (const [path, item] of Object.entries(DOCUMENT.paths)) {
      for (const [method, { operationId }] of Object.entries(item)) {
        expect(
          () => compileAll(`/paths/${step(path)}/${method}`, item[method]),
          operationId,
        ).not.toThrow();
      }
    }
  });
});

/** Compiles every schema under this place. */
function compileAll(pointer: string, value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, each] of Object.entries(value)) {
    const here = `${pointer}/${step(key)}`;
    if (key === "schema") expect(ajv.getSchema(`openapi#${here}`)).toBeTypeOf("function");
    else compileAll(here, each);
  }
}

function step(text: string): string {
  return encodeURIComponent(text.replaceAll("~", "~0").replaceAll("/", "~1"));
}
