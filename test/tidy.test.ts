import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EXIT } from "../cli/exit.js";
import { ERROR_CODES } from "../common/error.js";
import { ARROWS, checkArrows } from "./tidy/arrows.js";
import { SKIP_CLASSES } from "./conformance/skips.js";
import { checkClasses, checkDifferences } from "./tidy/differences.js";
import { findCycles, importsOf } from "./tidy/imports.js";
import { checkLayers } from "./tidy/layers.js";
import {
  checkCodes,
  checkComplete,
  checkProduction,
  checkReasons,
  checkRegistry,
  type Lock,
  type Manifest,
} from "./tidy/packages.js";
import { checkLeftovers, checkPurity, checkTypes } from "./tidy/purity.js";
import { checkMentions, checkTested, readProtocol } from "./tidy/rules-of-protocol.js";
import {
  checkBarrel,
  checkColumns,
  checkDefaultExport,
  checkFileLength,
  checkFileName,
  checkFolderSizes,
  checkFunctions,
} from "./tidy/shape.js";
import { PRODUCT, readSources, type Source } from "./tidy/sources.js";

const root = join(import.meta.dirname, "..");
const sources = readSources(root);
const imports = sources.flatMap(importsOf);

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

function problems(check: (source: Source) => readonly string[]): readonly string[] {
  return sources.flatMap((source) => check(source));
}

describe("the house", () => {
  it("reads files in every folder of the product", () => {
    const empty = PRODUCT.filter((folder) => !sources.some((s) => s.path.startsWith(folder + "/")));

    expect(empty).toEqual([]);
  });

  it("imports along the arrows only", () => {
    expect(checkArrows(imports)).toEqual([]);
  });

  it("has no arrow in the table that starts nowhere", () => {
    const idle = ARROWS.filter(({ from }) => !sources.some(({ path }) => path.startsWith(from)));

    expect(idle.map(({ from }) => from)).toEqual([]);
  });

  it("has no circle of imports, types included", () => {
    expect(findCycles(imports)).toEqual([]);
  });

  it("tests what serves the API apart from the single parts", () => {
    expect(checkLayers(imports)).toEqual([]);
  });

  it("keeps clock, randomness and I/O out of engine/ and common/", () => {
    expect(problems(checkPurity)).toEqual([]);
  });

  it("says any nowhere and switches the compiler off nowhere", () => {
    expect(problems(checkTypes)).toEqual([]);
  });

  it("keeps files, functions, lines and parameter lists within their limits", () => {
    const found = [checkFileLength, checkFunctions, checkColumns].flatMap(problems);

    expect(found).toEqual([]);
  });

  it("keeps folders small enough to be read at a glance", () => {
    expect(checkFolderSizes(sources.map(({ path }) => path))).toEqual([]);
  });

  it("names every file after what it holds", () => {
    expect(problems(checkFileName)).toEqual([]);
  });

  it("passes nothing on except in its two indexes, and exports by name", () => {
    expect([checkBarrel, checkDefaultExport].flatMap(problems)).toEqual([]);
  });

  it("leaves no work behind in a comment", () => {
    expect(problems(checkLeftovers)).toEqual([]);
  });
});

describe("the pages", () => {
  it("explain exactly the error codes that exist", () => {
    expect(checkCodes(Object.keys(ERROR_CODES), read("docs/errors.md"))).toEqual([]);
  });

  it("explain exactly the exit codes that exist", () => {
    const section = read("docs/commands.md").split("## Exit codes")[1]?.split("##")[0] ?? "";
    const codes = [...section.matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1]));

    expect(codes).toEqual(Object.values(EXIT));
  });

  it("give a reason for every runtime dependency", () => {
    const manifest = JSON.parse(read("package.json")) as Manifest;

    expect(checkReasons(manifest, read("docs/dependencies.md"))).toEqual([]);
  });

  it("name a test that is there for every difference from TaskFlow", () => {
    expect(checkDifferences(sources, read("docs/taskflow-differences.md"))).toEqual([]);
  });

  it("explain every class of recorded runs that is left out", () => {
    expect(checkClasses(SKIP_CLASSES, read("docs/taskflow-differences.md"))).toEqual([]);
  });

  it("say in ARCHITECTURE.md which folders there are", () => {
    const page = read("ARCHITECTURE.md");

    expect(PRODUCT.filter((folder) => !page.includes(`${folder}/`))).toEqual([]);
  });
});

describe("the protocol", () => {
  const protocol = readProtocol(read("docs/protocol.md"));

  it("has all its rules and schedules", () => {
    const rules = Array.from({ length: 45 }, (_, n) => `P-${String(n + 1)}`);
    const schedules = Array.from({ length: 8 }, (_, n) => `V-${String(n + 1)}`);

    expect([...protocol.all]).toEqual([...rules, ...schedules]);
  });

  it("has every rule that code and tests name", () => {
    expect(checkMentions(sources, protocol)).toEqual([]);
  });

  it("has a test for every rule in force", () => {
    expect(checkTested(sources, protocol)).toEqual([]);
  });
});

describe("the lock", () => {
  const lock = JSON.parse(read("npm-shrinkwrap.json")) as Lock;

  it("brings no install script and excludes no promised Node", () => {
    expect(checkProduction(lock)).toEqual([]);
  });

  it("knows every package that another one asks for", () => {
    expect(checkComplete(lock)).toEqual([]);
  });

  it("names no registry", () => {
    expect(checkRegistry(lock)).toEqual([]);
  });

  it("is the only one", () => {
    expect(existsSync(join(root, "package-lock.json"))).toBe(false);
  });
});
