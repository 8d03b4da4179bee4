import { describe, expect, it } from "vitest";
import { checkClasses, checkDifferences } from "./differences.js";
import {
  checkCodes,
  checkComplete,
  checkProduction,
  checkReasons,
  checkRegistry,
} from "./packages.js";
import { checkMentions, checkTested, readProtocol } from "./rules-of-protocol.js";
import { toSource } from "./sources.js";

/* As in rules.test.ts: each rule is shown something bad and must say so. */

describe("rules of the protocol", () => {
  const page =
    "- **P-1** One.\n- **P-2 name** Two.\n- **P-3 Redis** *Later.*\n- **V-1** A. [P-2]\n";
  const protocol = readProtocol(page);
  const number = 8 + 1;

  it("are refused when the page does not have them", () => {
    const source = toSource("agent/a.ts", `// P-1, and P-${String(number)}`);

    expect(checkMentions([source], protocol)).toEqual([
      "agent/a.ts names P-9, which docs/protocol.md does not have",
    ]);
  });

  it("are missed when no test is named by them, unless they are for later", () => {
    const tests = `it("P-1 holds", f); // P-2 is in a comment only\n describe.each([1])("V-1", f);`;

    expect(checkTested([toSource("test/a.test.ts", tests)], protocol)).toEqual([
      "no test is named by P-2",
    ]);
    expect(checkTested([toSource("test/a.ts", tests)], protocol)).toHaveLength(3);
  });

  it("may be named as a range", () => {
    const tests = `it("P-1 to P-2: both", f); it("V-1", f);`;

    expect(checkTested([toSource("test/a.test.ts", tests)], protocol)).toEqual([]);
  });
});

describe("differences from TaskFlow", () => {
  const source = toSource("test/a.test.ts", `it("does it", f); it.each([1])("%s more", f);`);
  const row = (proof: string): string =>
    `| TaskFlow | jobrunner | why | test |\n| a | b | c | ${proof} |`;

  it("are proven by a test that is there", () => {
    expect(checkDifferences([source], row("`test/a.test.ts` does it"))).toEqual([]);
    expect(checkDifferences([source], row("`test/a.test.ts` %s more"))).toEqual([]);
  });

  it("are refused without one", () => {
    for (const proof of [
      "",
      "`test/a.test.ts`",
      "`test/a.test.ts` does",
      "`test/b.test.ts` does it",
    ]) {
      expect(checkDifferences([source], row(proof)), proof).toHaveLength(1);
    }
  });

  it("explain what is left out", () => {
    expect(checkClasses(["torn"], "does not (class `torn`)")).toEqual([]);
    expect(checkClasses(["torn", "stuck"], "(class `torn`) and stuck")).toHaveLength(1);
  });
});

describe("packages", () => {
  const production = (entry: object): readonly string[] =>
    checkProduction({ packages: { "node_modules/a": entry } });

  it("refuse an install script, unless it is a developer's own", () => {
    expect(production({ hasInstallScript: true })).toHaveLength(1);
    expect(production({ hasInstallScript: true, dev: true })).toEqual([]);
  });

  it("refuse engines that exclude a promised Node", () => {
    expect(production({ engines: { node: ">=22" } })).toHaveLength(1);
    expect(production({ engines: { node: "^20 || >=22" } })).toEqual([]);
  });

  it("refuse a lock that lacks what a package asks for", () => {
    const packages = {
      "": { dependencies: { a: "1" } },
      "node_modules/a": { optionalDependencies: { "@b/c": "1" }, dependencies: { d: "1" } },
      "node_modules/d": { dependencies: { a: "1" } },
    };
    const whole = { ...packages, "node_modules/a/node_modules/@b/c": {} };

    expect(checkComplete({ packages })).toEqual([
      "node_modules/a asks for @b/c, which is not in the lock",
    ]);
    expect(checkComplete({ packages: whole })).toEqual([]);
  });

  it("refuse a locked registry", () => {
    const lock = { packages: { "node_modules/a": { resolved: "https://registry.example/a.tgz" } } };

    expect(checkRegistry(lock)).toHaveLength(1);
  });

  it("refuse a dependency without a reason, and a reason without its dependency", () => {
    const manifest = { dependencies: { a: "1" }, optionalDependencies: { b: "1" } };
    const page = "- `a` because nothing else does it so well.\n- `c` because it was there once.";

    expect(checkReasons(manifest, page)).toEqual(["b has no reason", "c is not a dependency"]);
  });

  it("refuse a code that is not documented, and a page about a code that is gone", () => {
    const page = "| `USAGE` | a | b |\n| `GONE` | a | b |";

    expect(checkCodes(["USAGE", "NEW"], page)).toEqual([
      "NEW is not documented",
      "GONE is not a code",
    ]);
  });
});
