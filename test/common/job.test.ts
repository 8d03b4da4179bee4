import { describe, expect, it } from "vitest";
import {
  formatClause,
  isCancel,
  isEnded,
  isStartable,
  isWholeId,
  type Needs,
  parseSignature,
  toSignature,
} from "../../common/job.js";

const needs: Needs = {
  protocol: 1,
  flow: "web",
  version: 2,
  clauses: [
    { name: "is_x86_64", args: [] },
    { name: "port_is_free", args: [8887, "tcp"] },
  ],
};

describe("a job's state", () => {
  it("is ended, startable, or neither", () => {
    expect([isEnded("SUCCESS"), isStartable("SUCCESS")]).toEqual([true, false]);
    expect([isEnded("WAITING"), isStartable("WAITING")]).toEqual([false, true]);
    expect([isEnded("SUSPENDED"), isStartable("SUSPENDED")]).toEqual([false, false]);
  });
});

describe("a job's id", () => {
  const id = "01990000-0000-7000-8000-00000000abcd";

  it.each([
    [id, true],
    [id.slice(0, 8), false],
    [id.slice(-12), false],
    [`${id}0`, false],
    [id.toUpperCase(), false],
  ])("%s is a whole one: %s", (text, whole) => {
    expect(isWholeId(text)).toBe(whole);
  });
});

describe("what a person asked of a job", () => {
  it.each([
    ["cancel", true],
    ["cancel-no-revert", true],
    ["suspend", false],
    [null, false],
    [undefined, false],
  ] as const)("is a cancel when it is %s: %s", (request, cancels) => {
    expect(isCancel(request)).toBe(cancels);
  });
});

describe("a signature", () => {
  it("comes back as the needs it was made of", () => {
    expect(parseSignature(toSignature(needs))).toEqual(needs);
  });

  it.each([
    ["no JSON", "{"],
    ["no list", "7"],
    ["a list of something else", `["1","web",2]`],
    ["a flow that is no text", `[1,7,2]`],
    ["a version that is no number", `[1,"web","2"]`],
    ["a clause that is no list", `[1,"web",2,"is_x86_64"]`],
    ["a clause without a name", `[1,"web",2,[8887]]`],
  ])("is nothing we know when it is %s", (_what, signature) => {
    expect(parseSignature(signature)).toBeUndefined();
  });
});

describe("a clause", () => {
  it("reads as people write it", () => {
    expect(needs.clauses.map(formatClause)).toEqual(["is_x86_64", "port_is_free(8887, tcp)"]);
  });
});
