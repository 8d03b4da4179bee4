import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "../../scripts/lab/until.js";
import { tempDir } from "../support/temp.js";
import { call, FOREVER, hooks, openBodies, openRunners, sharedRunners } from "./open-runners.js";

const PATIENCE = { withinMs: 10_000 };

describe.each(["process", "thread"] as const)("runners, each a %s", (transport) => {
  const open = sharedRunners({ transport });

  it("tell what the plugins declare, the built-in ones first", async () => {
    const { runners } = open();

    const { flows, problems } = await runners.manifest();

    const names = flows.map(({ name, version }) => `${name} ${version}`);
    expect(names).toEqual(["hello 1", "simple_http_webserver 1", "bodies 3"]);
    expect(flows[2]).toMatchObject({
      summary: "What bodies may do",
      file: expect.stringMatching(/fixtures\/flows\/bodies\.ts$/),
      schema: { type: "object", properties: { ms: { type: "integer" } } },
    });
    expect(problems).toEqual([]);
  });

  it("run from their sources too", async () => {
    const { runners } = openRunners({ transport, fromSource: true });
    const { bodies } = await openBodies(runners);

    expect(await bodies.execute(call("save"), hooks())).toEqual({ n: 1 });
  });

  it("prepare a posting: defaults, clauses, the flow as data", async () => {
    const { runners } = open();

    const prepared = await runners.prepare("simple_http_webserver", { port: 8123 });

    expect(prepared).toMatchObject({
      version: 1,
      params: { host: "127.0.0.1", port: 8123, root: "" },
      clauses: [{ name: "port_is_free", args: [8123] }],
      spec: {
        name: "simple_http_webserver",
        children: [{ kind: "task", name: "run_simple_webserver", interruptible: true }],
        retry: { controller: { type: "times", attempts: 100 } },
      },
    });
  });

  it("say what is wrong with a posting, and where", async () => {
    const { runners } = open();

    await expect(runners.prepare("nobody", {})).rejects.toMatchObject({ code: "UNKNOWN_FLOW" });
    await expect(runners.prepare("hello", { pause: -1 })).rejects.toMatchObject({
      code: "BAD_PARAMETERS",
      cause: [{ pointer: "/pause", detail: expect.stringContaining(">=0") }],
    });
  });

  it("refuse to open a job of another version", async () => {
    const { runners } = open();

    const opened = openBodies(runners, { version: 1 });

    await expect(opened).rejects.toMatchObject({ code: "OTHER_VERSION" });
  });

  it("say how a job of a version that the flow migrates from is to go on", async () => {
    const { runners } = open();

    const { bodies } = await openBodies(runners, { version: 2, params: {} });

    const params = { code: "", ms: 7 };
    expect(bodies.move).toEqual({ version: 3, params, renamed: { talk: "speak" } });
    const { flows } = await runners.manifest();
    expect(flows.find(({ name }) => name === "bodies")?.migrates).toEqual([2]);
  });

  it("answer for questions that never do, once nobody waits, and live on", async () => {
    const { runners } = open();
    const { bodies } = await openBodies(runners);
    const [vote, question] = [hooks(), hooks()];
    const link = bodies.spec.children.flatMap((child) =>
      child.kind === "flow" ? (child.links ?? []) : [],
    );
    const decider = link[0]?.decider ?? "";
    const answers = Promise.allSettled([
      bodies.decide({ decider, target: "undecided/second", results: {} }, vote),
      bodies.onFailure({ ...call("unsure_retry"), history: [] }, question),
    ]);
    vote.abort(new Error("cancelled"));
    question.abort(new Error("cancelled too"));

    expect((await answers).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await bodies.execute(call("save"), hooks())).toEqual({ n: 1 });
  });

  it("call bodies with what they should know", async () => {
    const { runners } = open();
    const { bodies } = await openBodies(runners);
    const asked = call("context", { attempt: 2, again: true, saved: { at: 5 } });

    expect(bodies.runner).toMatch(/^r\d+$/);
    expect(await bodies.execute(asked, hooks())).toEqual({
      ...{ job: "job-1", atom: "context", agent: "alpha", idempotencyKey: "key" },
      ...{ attempt: 2, again: true, lastSaved: { at: 5 } },
    });
  });

  it("call reverts with the result, the failure, or neither", async () => {
    const { runners } = open();
    const { bodies } = await openBodies(runners);
    const failure = { name: "Error", message: "broke" };
    const revert = (outcome: Parameters<typeof bodies.revert>[0]["outcome"]) =>
      bodies.revert({ ...call("context"), outcome, flowFailures: { other: failure } }, hooks());

    const nothing = { result: null, failure: null, failed: ["other"] };
    expect(await revert(undefined)).toEqual(nothing);
    expect(await revert({ ok: true, value: { job: "j" } })).toEqual({ ...nothing, result: "j" });
    expect(await revert({ ok: false, failure })).toEqual({ ...nothing, failure: "broke" });
  });

  it("pass on logs, console and progress, in order and with their atom", async () => {
    const { runners } = open();
    const { bodies, lines } = await openBodies(runners);
    const linked = hooks();

    expect(await bodies.execute(call("speak"), linked)).toBeNull();

    expect(lines).toEqual(["speak: one", "speak: two", "speak: three 3"]);
    expect(linked.progresses).toEqual([
      [0.5, "half"],
      [1, undefined],
    ]);
  });

  it("let a body go on when what it saved is durable, and not before", async () => {
    const { runners } = open();
    const { bodies } = await openBodies(runners);
    let durable: () => void = () => undefined;
    const saving = new Promise<void>((resolve) => (durable = resolve));
    let asked: unknown;
    let over = false;
    const saved = (value: unknown) => {
      asked = value;
      return saving;
    };

    const answer = bodies.execute(call("save"), { ...hooks(), saved });
    void answer.then(() => (over = true));
    await until(() => asked !== undefined, PATIENCE);
    expect([asked, over]).toEqual([{ n: 1 }, false]);
    durable();

    expect(await answer).toEqual({ n: 1 });
  });

  it("hand on that a value could not be saved", async () => {
    const { runners } = open();
    const { bodies } = await openBodies(runners);
    const saved = () => Promise.reject(new Error("the disk is full"));

    const answer = bodies.execute(call("save"), { ...hooks(), saved });

    await expect(answer).rejects.toThrow("the disk is full");
  });

  it("keep what a failure carries, and take nobody's word for their own errors", async () => {
    const { runners } = open();
    const { bodies } = await openBodies(runners);

    await expect(bodies.execute(call("fail"), hooks())).rejects.toMatchObject({
      name: "RangeError",
      message: "no",
      failure: { code: "E_NO", data: { n: 1 }, cause: { name: "TypeError" } },
    });
    const pretended = await bodies.execute(call("pretend"), hooks()).catch((e: unknown) => e);
    expect(pretended).toMatchObject({ message: "says it lost the job" });
    expect(pretended).not.toHaveProperty("code");
  });

  it.each([
    ["map", 'The result of "map" is not JSON: the value is a Map'],
    ["large", 'The result of "large" has 4194306 bytes as JSON, more than 4194304'],
  ])("refuse the result of %s", async (atom, message) => {
    const { runners } = open();
    const { bodies } = await openBodies(runners);

    await expect(bodies.execute(call(atom), hooks())).rejects.toThrow(message);
  });

  it("abort a body with the reason of its signal", async () => {
    const { runners } = open();
    const { bodies, lines } = await openBodies(runners);
    const linked = hooks();

    const answer = bodies.execute(call("sleep", { args: { ms: 600_000 } }), linked);
    answer.catch(() => undefined);
    await until(() => lines.includes("sleep: began"), PATIENCE);
    linked.abort(new Error("cancelled"));

    await expect(answer).rejects.toThrow("cancelled");
    expect(lines).toContain("sleep: stopped: cancelled");
  });

  it("start no body after its deadline", async () => {
    const { runners } = open();
    const late = { ...FOREVER, startWall: Date.now() - 1 };
    const { bodies, lines } = await openBodies(runners, { deadline: () => late });

    const answer = bodies.execute(call("speak"), hooks());

    await expect(answer).rejects.toMatchObject({ code: "OWNERSHIP_LOST" });
    expect(lines).toEqual([]);
  });

  it("abort bodies when no beat came in time, and not while beats come", async () => {
    const { runners } = openRunners({ transport });
    const inMs = (ms: number) => ({ ...FOREVER, abortWall: Date.now() + ms });
    const soon = () => ({ ...inMs(1_000), abortMonotonic: systemMonotonic() + 1_000 });
    const { bodies, lines } = await openBodies(runners, { deadline: soon });
    const beats = setInterval(() => runners.beat(soon()), 100);
    const began = performance.now();

    const answer = bodies.execute(call("sleep", { args: { ms: 600_000 } }), hooks());
    answer.catch(() => undefined);
    await until(() => performance.now() - began > 2_000, PATIENCE);
    expect(lines).toEqual(["sleep: began"]);
    clearInterval(beats);

    await expect(answer).rejects.toMatchObject({ code: "OWNERSHIP_LOST" });
    expect(lines).toHaveLength(2);
  });

  it("abort the bodies of a job that is closed, and reject later calls", async () => {
    const { runners } = open();
    const { bodies, lines } = await openBodies(runners);

    const answer = bodies.execute(call("sleep", { args: { ms: 600_000 } }), hooks());
    answer.catch(() => undefined);
    await until(() => lines.includes("sleep: began"), PATIENCE);
    await bodies.close();

    await expect(answer).rejects.toMatchObject({ code: "OWNERSHIP_LOST" });
    const later = bodies.execute(call("context"), hooks());
    await expect(later).rejects.toMatchObject({ code: "OWNERSHIP_LOST" });
  });

  it("stop when nobody needs them, and start again for the next", async () => {
    const { runners, events } = openRunners({ transport, idleMs: 50 });

    await runners.manifest();
    await until(() => events.some(({ event }) => event === "stopped"), PATIENCE);
    const known = await runners.manifest();
    expect(events.filter(({ event }) => event === "started")).toHaveLength(1);
    await runners.prepare("hello", {});

    expect(known.flows).toHaveLength(3);
    expect(events.filter(({ event }) => event === "started")).toHaveLength(2);
  });

  it("open a job alone in a runner of its own, which ends with it", async () => {
    const { runners, events } = openRunners({ transport });
    const shared = await openBodies(runners);
    const alone = await openBodies(runners, { alone: true });

    expect(alone.bodies.runner).not.toBe(shared.bodies.runner);
    await alone.bodies.close();
    await until(() => events.some(({ event }) => event === "stopped"), PATIENCE);

    const stopped = events.find(({ event }) => event === "stopped");
    expect(stopped?.runner).toBe(alone.bodies.runner);
  });
});

it("keeps transpiled plugins where it is told, and nowhere else", async () => {
  const cache = join(tempDir(), "cache");
  const { runners } = openRunners({ cache });

  await runners.manifest();

  expect(existsSync(cache) && readdirSync(cache).length).toBeGreaterThan(0);
});

function systemMonotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
