import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { toJson } from "../../sdk/json-safe.js";

describe("what JSON can hold", () => {
  it("passes as a copy, without its undefined members", () => {
    const value = { a: [1, "x", null, true], b: { c: undefined, d: -0.5 } };

    const result = toJson(value);

    expect(result).toEqual({ json: { a: [1, "x", null, true], b: { d: -0.5 } } });
    expect("json" in result && result.json).not.toBe(value);
  });

  it("includes nothing at all, as null", () => {
    expect(toJson(undefined)).toEqual({ json: null });
  });

  it("includes plain objects of another realm, and those without a prototype", () => {
    expect(toJson(runInNewContext("({ a: [1] })"))).toEqual({ json: { a: [1] } });
    expect(toJson(Object.assign(Object.create(null), { a: 1 }))).toEqual({ json: { a: 1 } });
  });

  it("may hold one value twice", () => {
    const shared = { n: 1 };

    expect(toJson([shared, shared])).toEqual({ json: [{ n: 1 }, { n: 1 }] });
  });
});

describe("what it cannot hold is named by its place", () => {
  const loop: unknown[] = [];
  loop.push({ loop });
  let deep: unknown = 1;
  for (let n = 0; n < 300; n += 1) deep = [deep];

  it.each([
    [new Map(), "the value is a Map, which JSON cannot hold"],
    [{ at: [new Date(0)] }, "/at/0 is a Date, which JSON cannot hold"],
    [{ n: Number.NaN }, "/n is NaN, which JSON cannot hold"],
    [Number.POSITIVE_INFINITY, "the value is Infinity, which JSON cannot hold"],
    [{ n: 1n }, "/n is a bigint, which JSON cannot hold"],
    [[undefined], "/0 is a undefined, which JSON cannot hold"],
    [{ f: () => 1 }, "/f is a function, which JSON cannot hold"],
    [loop, "/0/loop contains itself"],
    [{ toJSON: (): number => 1 }, "the value has a toJSON function: return what it would make"],
    [Buffer.from("x"), "the value is a Buffer, which JSON cannot hold"],
  ])("%o", (value, problem) => {
    expect(toJson(value)).toEqual({ problem });
  });

  it("when it is nested too deeply", () => {
    expect(toJson(deep)).toMatchObject({ problem: expect.stringContaining("deeper than 200") });
  });
});
