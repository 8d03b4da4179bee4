import { createServer } from "node:net";
import { arch } from "node:os";
import { describe, expect, it, onTestFinished } from "vitest";
import { BUILTIN_CAPABILITIES } from "../../capabilities/builtin/all.js";
import type { Verdict } from "../../capabilities/capability.js";
import * as clauses from "../../capabilities/clauses.js";
import { createEvaluator } from "../../capabilities/evaluate.js";
import { systemClock } from "../../cli/clock.js";
import type { Clause } from "../../common/job.js";
import type { Json } from "../../common/json.js";
import { createFacts } from "../../facts/facts.js";
import { parseOverrides } from "../../facts/overrides.js";
import { createSources } from "../../facts/sources.js";
import { freePort } from "../../scripts/lab/ports.js";

const { batteryAbove, diskFree, hasGpu, hasProgram, hasTag, isArm64, isX86_64 } = clauses;
const { memoryFree, nodeVersion, notOnAgent, onAgent, onMains, osIs, portIsFree } = clauses;

const GIB = 2 ** 30;
const TAGS = { room: "study", gpu: "" };

/** What an agent says to a clause, on this machine with some facts that are so by order. */
async function ask(clause: Clause, given: Readonly<Record<string, Json>> = {}): Promise<Verdict> {
  const machine = { clock: systemClock, agent: "alpha", tags: TAGS };
  const facts = createFacts({ ...machine, overrides: parseOverrides(given), ...createSources() });
  onTestFinished(() => facts[Symbol.asyncDispose]());
  const capabilities = BUILTIN_CAPABILITIES;
  return createEvaluator({ capabilities, facts, clock: systemClock }).verdict(clause);
}

describe.each<[Clause, Record<string, Json>]>([
  [isX86_64(), { arch: "x64" }],
  [isArm64(), { arch: "arm64" }],
  [osIs("linux"), { os: "linux" }],
  [osIs("macOS"), { os: "darwin" }],
  [osIs("windows"), { os: "win32" }],
  [nodeVersion(">=20.19 <23"), { node_version: "22.13.0" }],
  [hasProgram("ffmpeg"), { programs: { ffmpeg: "/usr/bin/ffmpeg" } }],
  [hasGpu(), { gpus: ["NVIDIA"] }],
  [hasTag("room=study"), {}],
  [hasTag("gpu"), {}],
  [onAgent("alpha"), {}],
  [notOnAgent("beta"), {}],
  [memoryFree("2GiB"), { memory_free: "2GiB" }],
  [memoryFree(GIB), { memory_free: 2 * GIB }],
  [diskFree("/srv", "1GB"), { disk_free: { "/srv": "1GB" } }],
  [onMains(), { on_mains: true }],
  [batteryAbove(50), { battery: 51 }],
  [batteryAbove(50), { battery: null }],
])("%j with %j", (clause, given) => {
  it("is so", async () => {
    expect(await ask(clause, given)).toEqual({ able: true });
  });
});

describe.each<[Clause, Record<string, Json>, readonly string[]]>([
  [isX86_64(), { arch: "arm64" }, ["the processor is arm64", "x64"]],
  [isArm64(), { arch: "x64" }, ["the processor is x64", "arm64"]],
  [osIs("linux"), { os: "android" }, ["the system is android", "linux"]],
  [nodeVersion(">=22"), { node_version: "20.20.2" }, ["Node is 20.20.2", "Node >=22"]],
  [
    hasProgram("ffmpeg"),
    { programs: { ffmpeg: null } },
    ["there is no ffmpeg on the PATH", "ffmpeg", "install ffmpeg"],
  ],
  [hasGpu(), { gpus: [] }, ["there is no graphics processor", "one"]],
  [
    hasTag("room=attic"),
    {},
    ["it has room=study", "room=attic", "start its agent with --tag room=attic"],
  ],
  [
    hasTag("toString"),
    {},
    ["there is no tag toString", "toString", "start its agent with --tag toString"],
  ],
  [onAgent("beta"), {}, ["this is alpha", "agent beta"]],
  [notOnAgent("alpha"), {}, ["this is alpha", "an agent other than alpha"]],
  [memoryFree("8GiB"), { memory_free: 7_408_000_000 }, ["6.9 GiB free", "8 GiB", "1.1 GiB more"]],
  [
    diskFree("/srv", "2GiB"),
    { disk_free: { "/srv": GIB } },
    ["1 GiB free", "2 GiB", "1 GiB more at /srv"],
  ],
  [onMains(), { on_mains: false }, ["it runs on its battery", "mains", "plug it in"]],
  [batteryAbove(50), { battery: 50 }, ["the battery is at 50 %", "more than 50 %", "plug it in"]],
])("%j with %j", (clause, given, [observed, needed, help]) => {
  it("is not so, with what is there and what would do", async () => {
    expect(await ask(clause, given)).toEqual({
      ...{ able: false, observed, needed },
      ...(help === undefined ? {} : { help }),
    });
  });
});

describe.each<[Clause, string]>([
  [isX86_64(), "arch"],
  [isArm64(), "arch"],
  [osIs("linux"), "os"],
  [nodeVersion("20"), "node_version"],
  [hasGpu(), "gpus"],
  [memoryFree(1), "memory_free"],
  [onMains(), "on_mains"],
  [batteryAbove(1), "battery"],
])("%j", (clause, fact) => {
  it("is unknown when its fact is", async () => {
    expect(await ask(clause, { [fact]: { unknown: "hidden here" } })).toEqual({
      unknown: `${fact} is unknown: hidden here`,
    });
  });
});

describe("a path or program that nobody can look at", () => {
  it.each<[Clause, string]>([
    [diskFree("/no/such/path", 1), "ENOENT"],
    [{ name: "has_program", args: ["../sh"] }, "wants the name of a program"],
  ])("%j is unknown", async (clause, why) => {
    expect(await ask(clause)).toMatchObject({ unknown: expect.stringContaining(why) });
  });
});

describe("arguments that cannot be meant", () => {
  it.each<[string, readonly Json[], string]>([
    ["port_is_free", [0], "wants a port from 1 to 65535, got 0"],
    ["port_is_free", [65_536], "wants a port"],
    ["port_is_free", [80.5], "wants a port"],
    ["port_is_free", ["80"], "wants a port"],
    ["port_is_free", [null], "wants a port"],
    ["port_is_free", [], "wants (port), got []"],
    ["port_is_free", [80, 81], "wants (port), got [80,81]"],
    ["is_arm64", [1], "wants no arguments, got [1]"],
    ["memory_free", ["2 gigs"], "wants bytes, such as 2GB or 512MiB"],
    ["memory_free", [-1], "wants bytes"],
    ["disk_free", ["relative", 1], "wants an absolute path"],
    ["disk_free", ["/nul\0byte", 1], "wants an absolute path"],
    ["battery_above", [101], "wants a percentage from 0 to 100"],
    ["has_tag", ["room study"], "wants a tag"],
    ["on_agent", ["Not A Name"], "wants the name of an agent"],
    ["os_is", ["Debian GNU/Linux"], "wants an operating system"],
    ["node_version", ["latest"], "wants a range of versions"],
    ["node_version", [20.1], "wants a range of versions"],
  ])("of %s are told: %j", async (name, args, why) => {
    expect(await ask({ name, args })).toMatchObject({ unknown: expect.stringContaining(why) });
  });
});

describe("on this machine", () => {
  it("the processor is what Node was built for, and only that", async () => {
    const [x86, arm] = [await ask(isX86_64()), await ask(isArm64())];

    expect("able" in x86 && x86.able).toBe(arch() === "x64");
    expect("able" in arm && arm.able).toBe(arch() === "arm64");
  });

  it("there is the Node that runs this, a shell, some memory and some disk", async () => {
    const version = process.versions.node;
    const all = [nodeVersion(version), hasProgram("sh"), memoryFree(1), diskFree("/", 1)];

    for (const clause of all) expect(await ask(clause)).toEqual({ able: true });
  });
});

describe("port_is_free", () => {
  it("is able when nothing listens, and holds on to nothing", async () => {
    const port = await freePort();

    expect(await ask(portIsFree(port))).toEqual({ able: true });
    await listen(port, "127.0.0.1");
  });

  it.each(["127.0.0.1", "0.0.0.0", "::"])(
    "is not able when something listens on %s",
    async (host) => {
      const port = await listen(0, host);

      expect(await ask(portIsFree(port))).toEqual({
        able: false,
        observed: `port ${port} is in use`,
        needed: `port ${port} free`,
      });
    },
  );
});

async function listen(port: number, host: string): Promise<number> {
  const server = createServer();
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host }, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}
