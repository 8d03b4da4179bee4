import { describe, expect, it } from "vitest";
import { defineFlow, z } from "../../sdk/index.js";

const run = (): number => 1;

describe("a secret parameter", () => {
  const secret = z.string().meta({ secret: true });
  const flowOf = (params: z.ZodObject) =>
    defineFlow({ name: "web", params, build: (f) => void f.task("a", { execute: run }) });

  it("is named in what is kept of the flow, however it may be left out", () => {
    const flow = flowOf(
      z.object({ a: secret, b: secret.optional(), c: secret.default("none"), d: z.string() }),
    );

    expect(flow.prepare({ a: "x", d: "y" }).spec).toMatchObject({ secrets: ["a", "b", "c"] });
    expect(flow.schema).toMatchObject({ properties: { a: { secret: true } } });
  });

  it("is nothing in a flow without one", () => {
    expect(flowOf(z.object({ d: z.string() })).prepare({ d: "y" }).spec).not.toHaveProperty(
      "secrets",
    );
  });

  it.each([z.object({ key: secret }), z.array(secret)])("is a whole one", (part) => {
    expect(() => flowOf(z.object({ part }))).toThrow(
      'a part of parameter "part" is secret: mark the whole parameter.',
    );
  });
});
