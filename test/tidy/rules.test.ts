import { describe, expect, it } from "vitest";
import { checkArrows } from "./arrows.js";
import { findCycles, importsOf } from "./imports.js";
import { checkLayers } from "./layers.js";
import { checkLeftovers, checkPurity, checkTypes } from "./purity.js";
import * as shape from "./shape.js";
import { toSource } from "./sources.js";

/*
 * Each rule is shown something bad and must say so: a rule that cannot fail protects nothing.
 * What a snippet needs to spell is put together here, or this file would break the rules itself.
 */
const ESCAPE = "@ts-" + "ignore";
const EXPECT = "@ts-" + "expect-error";
const LEFT = "TO" + "DO";
const ANY = "an" + "y";

function arrows(path: string, code: string): readonly string[] {
  return checkArrows(importsOf(toSource(path, code)));
}

describe("arrows", () => {
  it.each([
    ["engine/plan.ts", `import { readFile } from "node:fs";`],
    ["engine/plan.ts", `import { z } from "zod";`],
    ["engine/plan.ts", `import type { JobBoard } from "../boards/board.js";`],
    ["common/job.ts", `import type { Plan } from "../engine/plan.js";`],
    ["boards/board.ts", `import { openSqlite } from "../sqlite/open.js";`],
    ["boards/open.ts", `import { open } from "./embedded/board.js";`],
    ["boards/embedded/board.ts", `import type { Persistence } from "../../persistence/sql.js";`],
    ["persistence/sql.ts", `import { compile } from "../engine/plan.js";`],
    ["persistence/sql.ts", `import { apply, type Entry } from "../engine/journal.js";`],
    ["capabilities/registry.ts", `import { z } from "zod";`],
    ["flows/hello.ts", `import { compile } from "../engine/plan.js";`],
    ["flows/hello.ts", `export { fastify } from "fastify";`],
    ["agent/conductor.ts", `const { open } = await import("../persistence/open.js");`],
    ["agent/conductor.ts", `import { openBoard } from "../boards/open.js";`],
    ["agent/conductor.ts", `let board: import("../boards/embedded/board.js").Board;`],
    ["agent/runner/runner.ts", `import { createJiti } from "jiti";`],
    ["agent/http/server.ts", `import { createRunners } from "../runner/supervisor.js";`],
    ["cli/post.ts", `import { createHttp } from "../agent/http/server.js";`],
    ["cli/post.ts", `const knex = require("knex");`],
    ["cli/program/running.ts", `import { run } from "../agent/run.js";`],
    ["cli/show.ts", `const { run } = await import("./agent/run.js");`],
    ["nowhere/new.ts", `import "../common/json.js";`],
  ])("refuse from %s: %s", (path, code) => {
    expect(arrows(path, code)).toHaveLength(1);
  });

  it.each([
    ["engine/plan.ts", `import type { Json } from "../common/json.js";`],
    ["boards/open.ts", `const { open } = await import("./embedded/board.js");`],
    ["persistence/sql.ts", `import type { Entry } from "../engine/journal.js";`],
    ["persistence/sql.ts", `import { type Entry, type Change } from "../engine/journal.js";`],
    ["flows/hello.ts", `import { defineFlow } from "jobrunner"; import "node:path";`],
    ["cli/program/running.ts", `const { run } = await import("../agent/run.js");`],
    ["cli/agent/run.ts", `import { openBoard } from "../../boards/open.js";`],
    ["sqlite/driver.ts", `const { default: Database } = await import("libsql");`],
  ])("allow from %s: %s", (path, code) => {
    expect(arrows(path, code)).toEqual([]);
  });

  it("name the place and both ends", () => {
    const [problem] = arrows("common/job.ts", `\nimport { z } from "zod";`);

    expect(problem).toMatch(/^common\/job\.ts:2: common\/job\.ts imports npm:zod/);
  });
});

describe("circles", () => {
  it("are found, through types too", () => {
    const a = toSource("common/a.ts", `import type { B } from "./b.js";`);
    const b = toSource("common/b.ts", `export * from "./c.js";`);
    const c = toSource("common/c.ts", `export type A = import("./a.js").A;`);

    const cycles = findCycles([a, b, c].flatMap(importsOf));

    expect(cycles).toEqual(["common/a.ts -> common/b.ts -> common/c.ts -> common/a.ts"]);
  });

  it("are not seen in two ways to the same file", () => {
    const a = toSource("common/a.ts", `import "./b.js"; import "./c.js";`);
    const b = toSource("common/b.ts", `import "./c.js";`);

    expect(findCycles([a, b].flatMap(importsOf))).toEqual([]);
  });
});

describe("layers", () => {
  it("take a unit test that serves the API for what it is, also over helpers of tests", () => {
    const helper = toSource("test/http/api.ts", 'import "../../agent/http/server.js";');
    const test = 'import { open } from "../http/api.js"; open();';
    const unit = toSource("test/cli/late.test.ts", test);
    const other = toSource("test/cli/late.integration.test.ts", test);
    const typed = toSource("test/cli/typed.test.ts", 'import type { A } from "../http/api.js";');

    expect(checkLayers([helper, unit, other, typed].flatMap(importsOf))).toEqual([
      expect.stringMatching(/^test\/cli\/late\.test\.ts .*late\.integration\.test\.ts$/),
    ]);
  });
});

describe("purity", () => {
  it.each([
    "const t = Date.now();",
    "const t = new Date(0);",
    "const x = Math.random();",
    "setTimeout(() => {}, 1);",
    "const p = process.env;",
    "const clock = { performance };",
    "const s = AbortSignal.timeout(5);",
    "const u = import.meta.url;",
    "const b: Buffer = f();",
    'await fetch("x");',
  ])("refuses %s", (code) => {
    expect(checkPurity(toSource("engine/a.ts", code))).not.toEqual([]);
  });

  it.each([
    "interface Clock { performance(): number }",
    "const process = 1;",
    "const at = row.Date;",
    "const r = Math.max(1, 2); const c = new AbortController();",
  ])("allows %s", (code) => {
    expect(checkPurity(toSource("common/a.ts", code))).toEqual([]);
  });

  it("is asked of engine/ and common/ only", () => {
    expect(checkPurity(toSource("agent/a.ts", "Date.now();"))).toEqual([]);
  });
});

describe("types", () => {
  it.each([
    `let x: ${ANY};`,
    `const f = (x: ${ANY}[]) => x;`,
    `const x = y as ${ANY};`,
    `// ${ESCAPE}\nf(1);`,
    `/* ${ESCAPE} */ f(1);`,
    `// ${EXPECT}\nf(1);`,
  ])("are not switched off by %s", (code) => {
    expect(checkTypes(toSource("agent/a.ts", code))).toHaveLength(1);
  });

  it("may be expected to fail in a test", () => {
    expect(checkTypes(toSource("test/a.test.ts", `// ${EXPECT}\nf(1);`))).toEqual([]);
  });

  it("does not mistake the word for the type", () => {
    const code = `const a = "${ANY}"; // at ${ANY} moment`;

    expect(checkTypes(toSource("agent/a.ts", code))).toEqual([]);
  });
});

describe("shape", () => {
  const lines = (count: number): string => "f();\n".repeat(count);

  it("refuses a file of 301 lines and allows one of 300", () => {
    expect(shape.checkFileLength(toSource("a.ts", lines(301)))).toHaveLength(1);
    expect(shape.checkFileLength(toSource("a.ts", lines(300)))).toEqual([]);
  });

  it("refuses a function of 61 lines and allows one of 60", () => {
    const body = (count: number): string => `function f() {\n${lines(count - 2)}}`;

    expect(shape.checkFunctions(toSource("a.ts", body(61)))).toHaveLength(1);
    expect(shape.checkFunctions(toSource("a.ts", body(60)))).toEqual([]);
  });

  it("counts methods and arrows, but not a chapter of tests", () => {
    const method = `class A {\n m() {\n${lines(60)}}\n}`;
    const arrow = `const f = () => {\n${lines(60)}};`;
    const chapter = `describe("a", () => {\nit("b", f);\n${lines(60)}});`;

    expect(shape.checkFunctions(toSource("a.ts", method))).toHaveLength(1);
    expect(shape.checkFunctions(toSource("a.ts", arrow))).toHaveLength(1);
    expect(shape.checkFunctions(toSource("test/a.test.ts", chapter))).toEqual([]);
    expect(shape.checkFunctions(toSource("agent/a.ts", chapter))).toHaveLength(1);
  });

  it("refuses a fifth parameter", () => {
    expect(shape.checkFunctions(toSource("a.ts", "const f = (a, b, c, d, e) => a;"))).toHaveLength(
      1,
    );
    expect(shape.checkFunctions(toSource("a.ts", "const f = (a, b, c, d) => a;"))).toEqual([]);
  });

  it("refuses column 101, counting characters and not bytes", () => {
    expect(shape.checkColumns(toSource("a.ts", "x".repeat(101)))).toHaveLength(1);
    expect(shape.checkColumns(toSource("a.ts", "✔".repeat(100)))).toEqual([]);
  });

  it("refuses the thirteenth file of a product folder", () => {
    const files = Array.from({ length: 13 }, (_, n) => `agent/a${String(n)}.ts`);

    expect(shape.checkFolderSizes(files)).toEqual(["agent/ holds 13 source files"]);
    expect(shape.checkFolderSizes(files.slice(1))).toEqual([]);
  });

  it.each(["utils.ts", "helper.ts", "misc.mjs", "manager.ts"])("refuses the name %s", (name) => {
    expect(shape.checkFileName(toSource(`agent/${name}`, ""))).toHaveLength(1);
  });

  it("refuses a barrel, and a star even beside code of its own", () => {
    const barrel = `export { a } from "./a.js";\nexport type { B } from "./b.js";`;
    const star = `export * from "./a.js";\nexport const b = 1;`;

    expect(shape.checkBarrel(toSource("agent/index.ts", barrel))).toHaveLength(1);
    expect(shape.checkBarrel(toSource("agent/a.ts", star))).toHaveLength(1);
    expect(shape.checkBarrel(toSource("sdk/index.ts", barrel))).toEqual([]);
  });

  it("refuses a default export outside flows/", () => {
    expect(shape.checkDefaultExport(toSource("agent/a.ts", "export default 1;"))).toHaveLength(1);
    const named = "export default function f() {}";
    expect(shape.checkDefaultExport(toSource("agent/a.ts", named))).toHaveLength(1);
    expect(shape.checkDefaultExport(toSource("flows/a.ts", "export default 1;"))).toEqual([]);
  });

  it("refuses work left in a comment", () => {
    expect(checkLeftovers(toSource("a.ts", `f(); // ${LEFT}: later`))).toHaveLength(1);
    expect(checkLeftovers(toSource("a.ts", `const todo = 1;`))).toEqual([]);
  });
});
