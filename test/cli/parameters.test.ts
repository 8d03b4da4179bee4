import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Given, parametersOf, readParameters } from "../../cli/commands/post/parameters.js";
import { readPosting, valueFlags } from "../../cli/commands/post/command.js";
import { toJob } from "../../cli/commands/post/flow.js";
import type { Json, Store } from "../../common/json.js";
import type { FlowView } from "../../common/wire.js";
import { tempDir } from "../support/temp.js";

/* A flow's JSON Schema as flags: what is understood, and what is said about the rest. */

function flowOf(properties: Readonly<Record<string, Json>>, required: Json = []): FlowView {
  const schema = { type: "object", properties, required };
  return { name: "web", version: 1, summary: "Serves", file: "web.ts", schema };
}

function read(property: string, schema: Json, ...words: readonly string[]): Store {
  const flow = flowOf({ [property]: schema });
  const { parameters, given } = readPosting(flow, words);
  return readParameters(parameters, given);
}

const SAFE = Number.MAX_SAFE_INTEGER;

describe("values of flags", () => {
  it.each([
    ["a whole number", { type: "integer", minimum: 1, maximum: 9 }, ["--x", "5"], 5],
    ["a negative number", { type: "integer", minimum: -SAFE, maximum: SAFE }, ["--x", "-5"], -5],
    ["a number", { type: "number" }, ["--x=1.5e3"], 1500],
    ["a text", { type: "string" }, ["--x", "007"], "007"],
    ["an empty text", { type: "string" }, ["--x", ""], ""],
    ["a text that looks like a flag", { type: "string" }, ["--x=--wait"], "--wait"],
    ["a choice", { type: "string", enum: ["a", "b"] }, ["--x", "b"], "b"],
    ["a choice of numbers", { enum: [1, 2] }, ["--x", "2"], 2],
    ["yes", { type: "boolean" }, ["--x"], true],
    ["no", { type: "boolean" }, ["--no-x"], false],
    ["yes against its default", { type: "boolean", default: true }, ["--x"], true],
    ["a list", { type: "array", items: { type: "integer" } }, ["--x", "1", "--x", "2"], [1, 2]],
    ["JSON", { type: "object" }, ["--x", '{"a":[1]}'], { a: [1] }],
    ["null", { anyOf: [{ type: "string" }, { type: "null" }] }, ["--x", "null"], null],
    ["a text among others", { anyOf: [{ type: "string" }, { type: "null" }] }, ["--x", "a"], "a"],
    ["anything", {}, ["--x", "a"], "a"],
  ] as const)("read %s", (_what, schema, words, value) => {
    expect(read("x", schema, ...words)).toEqual({ x: value });
  });

  it("are left to the flow when they are not given", () => {
    const flow = flowOf({ a: { type: "integer", default: 3 }, b: { type: "boolean" } });

    expect(readPosting(flow, []).given).toEqual(new Map());
  });

  it.each([
    [{ type: "integer" }, "many", '"many" is not a number'],
    [{ type: "integer" }, "", '"" is not a number'],
    [{ type: "integer" }, "1.5", "1.5 is not a whole number"],
    [{ type: "integer" }, "9007199254740993", "is not a whole number"],
    [{ type: "integer", minimum: 1, maximum: 65535 }, "99999", "too big, the flow allows 1..65535"],
    [{ type: "integer", minimum: 1, maximum: 65535 }, "0", "too small, the flow allows 1..65535"],
    [{ type: "number", maximum: 1 }, "2", "too big, the flow allows at most 1"],
    [{ enum: ["a", "b"] }, "c", '"c" is not one of a, b'],
    [{ type: "object" }, "{a", '"{a" is not JSON'],
    [{ type: "array", items: { type: "boolean" } }, "maybe", "neither true nor false"],
  ] as const)("that do not fit %j are refused: %s", (schema, text, detail) => {
    expect(() => read("targetPort", schema, "--target-port", text)).toThrow(
      expect.objectContaining({
        code: "USAGE",
        message: expect.stringMatching(new RegExp(`^--target-port: .*${escape(detail)}`)),
      }),
    );
  });

  it("that must be given are named together", () => {
    const flow = flowOf({ targetDir: { type: "string" }, n: { type: "number" } }, [
      "targetDir",
      "n",
    ]);
    const nothing: Given = new Map();

    expect(() => readParameters(parametersOf(flow.schema), nothing)).toThrow(
      "--target-dir, --n must be given",
    );
  });
});

describe("parameters of a file", () => {
  const flow = flowOf({ port: { type: "integer" }, tags: { type: "array" } }, ["port"]);
  const write = (text: string): string => {
    const file = join(tempDir(), "params");
    writeFileSync(file, text);
    return file;
  };
  const params = async (...words: readonly string[]): Promise<Store> =>
    (await toJob(flow, readPosting(flow, words), "post")).params ?? {};

  it.each([
    ["JSON", '{ "port": 80, "tags": ["a"] }'],
    ["YAML", "port: 80\ntags: [a]\n"],
  ])("are read as %s, and flags win over them", async (_what, text) => {
    const file = write(text);

    expect(await params("--from-file", file)).toEqual({ port: 80, tags: ["a"] });
    expect(await params("--from-file", file, "--port", "81")).toEqual({ port: 81, tags: ["a"] });
  });

  it.each([
    ["port: 80\n  tags: [", /params cannot be read: .* at line 1, column 7$/],
    ["[1]", /params holds no object of parameters/],
    ["", /params holds no object of parameters/],
    ["port: .nan", /params cannot be read: NaN is no number in JSON/],
    ["prot: 80", /^--from-file: flow web has no parameter "prot"/],
    ["tags: [a]", /^--port must be given/],
  ])("are refused for %j", async (text, message) => {
    const error = await params("--from-file", write(text)).catch((caught: unknown) => caught);

    expect(error).toMatchObject({ code: "USAGE", message: expect.stringMatching(message) });
  });

  it("are read from a terminal that is told so", async () => {
    const stdin = Object.assign(Readable.from([Buffer.from("port: 80")]), { isTTY: true });
    vi.spyOn(process, "stdin", "get").mockReturnValue(stdin as unknown as typeof process.stdin);
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    onTestFinished(() => void vi.restoreAllMocks());

    expect(await params("--from-file", "-")).toEqual({ port: 80 });
    expect(said).toHaveBeenCalledWith(expect.stringContaining("until Ctrl-D"));
  });

  it("are refused when there is no such file, or one that no agent would take", async () => {
    const file = (text: string) => params("--from-file", write(text));

    await expect(params("--from-file", join(tempDir(), "none"))).rejects.toThrow(
      /none cannot be read: ENOENT/,
    );
    await expect(file(" ".repeat(1024 * 1024 + 1))).rejects.toThrow(
      /params is larger than 1048576 bytes/,
    );
    await expect(file(`tags: ["${"x".repeat(256 * 1024)}"]`)).rejects.toThrow(
      /holds 262157 bytes, and agents take 262144 at most/,
    );
    // What is not sent does not count.
    expect(await file(`port: 80${" ".repeat(256 * 1024)}`)).toEqual({ port: 80 });
  });
});

describe("flags of posting", () => {
  it("name agents in short, beside what else is required", async () => {
    const flow = flowOf({});
    const words = ["--require", "has_gpu", "--on", "nas-1", "--avoid", "a", "--avoid", "b"];

    const { require } = await toJob(flow, readPosting(flow, words), "post");

    expect(require).toEqual(["has_gpu", "on_agent(nas-1)", "not_on_agent(a)", "not_on_agent(b)"]);
  });

  it("that take a value are known before the flow is", () => {
    const flags = valueFlags();

    expect(flags).toEqual(expect.arrayContaining(["--via", "-o", "--name", "--from-file", "--on"]));
    expect(flags).not.toContain("--wait");
    expect(flags).not.toContain("--graph");
  });
});

describe("flags of a flow", () => {
  it("go before ours of the same name, whose label has a second one", () => {
    const flow = flowOf({ name: { type: "string" }, ascii: { type: "boolean" } });
    const line = readPosting(flow, ["--name", "bob", "--ascii", "--job-name", "label", "--wait"]);

    expect(readParameters(line.parameters, line.given)).toEqual({ name: "bob", ascii: true });
    expect(line.flags).toEqual({ jobName: "label", wait: true });
  });

  it("leave --name to the label when the flow has no such parameter", () => {
    expect(readPosting(flowOf({}), ["--name", "label"]).flags).toEqual({ jobName: "label" });
  });

  it("never read as the opposite of another", () => {
    const flow = flowOf({ noCache: { type: "boolean" }, cache: { type: "boolean" } });
    const line = readPosting(flow, ["--with-no-cache", "--no-cache"]);

    expect(readParameters(line.parameters, line.given)).toEqual({ noCache: true, cache: false });
  });

  it("tell range, choices, default and whether they must be given", () => {
    const [port, mode, tags, level] = parametersOf({
      properties: {
        port: { type: "integer", minimum: 1, maximum: 65535, default: 8080, description: "port" },
        mode: { enum: ["a", "b"], description: "how" },
        tags: { type: "array", items: { type: "string" } },
        level: { type: "number", exclusiveMinimum: 0 },
      },
      required: ["mode"],
    });

    expect([port?.placeholder, port?.help]).toEqual(["<n>", "port, 1..65535 (default: 8080)"]);
    expect([mode?.placeholder, mode?.help]).toEqual(["<choice>", "how: a | b (required)"]);
    expect([tags?.placeholder, tags?.help]).toEqual(["<text>", "may be given several times"]);
    expect([level?.placeholder, level?.help]).toEqual(["<number>", "more than 0"]);
  });
});

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
