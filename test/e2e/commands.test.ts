import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { JobDetailView } from "../../common/wire.js";
import { MAIN } from "../../scripts/lab/agents.js";
import { type CommandResult, runCommand } from "../../scripts/lab/command.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

/* What people type, against a real agent: what they read, and the exit code. */

const FLOWS = join(import.meta.dirname, "fixtures", "flows");

describe("the command line", { timeout: 60_000 }, () => {
  it("posts, waits, and tells by its exit code how the job ended", async () => {
    const { jobrunner } = await withAgent();

    const good = await jobrunner("post", "hello", "--wait");
    const bad = await jobrunner("post", "hello", "--fail-at", "sign", "--wait");

    expect(good).toMatchObject({ code: 0 });
    expect(good.stdout).toMatch(/^[0-9a-f-]{36}\thello\tSUCCESS\t/);
    const [failed = ""] = bad.stdout.split("\t");
    expect(await jobrunner("wait", failed, "--for", "finished")).toMatchObject({ code: 0 });
    expect(bad).toMatchObject({ code: 10 });
    expect(bad.stdout).toMatch(/\thello\tREVERTED\t/);
    expect(bad.stderr).toMatch(/error: job [0-9a-f]+ failed, and everything that ran was reverted/);
    for (const step of ["greet", "post/write", "sign"]) {
      const done = new RegExp(`^[0-9a-f]{8} {2}\\S SUCCESS +${step} {2}alpha {2}\\d`, "m");
      expect(good.stderr).toMatch(done);
    }
    expect(good.stderr).toMatch(/^[0-9a-f]{8} {2}claimed by alpha after /m);
    expect(bad.stderr).toMatch(/^[0-9a-f]{8} {2}\S REVERTED +greet /m);
  });

  it("prints the id alone, and nothing on the way, with -q", async () => {
    const { jobrunner } = await withAgent();

    const posted = await jobrunner("post", "hello", "--wait", "-q");
    const waited = await jobrunner("wait", posted.stdout.trim(), "-q");
    const failed = await jobrunner("post", "hello", "-q", "--fail-at", "sign", "--wait");

    expect(posted).toMatchObject({ code: 0, stderr: "" });
    expect(posted.stdout).toMatch(/^[0-9a-f-]{36}\n$/);
    expect(waited).toEqual(posted);
    expect(failed.code).toBe(10);
    expect(failed.stderr).toMatch(/^error: .*\nhint: .*\n$/);
  });

  it("refuses what the flow does not allow, saying what it allows, and posts nothing", async () => {
    const { jobrunner } = await withAgent();

    const results = await Promise.all([
      jobrunner("post", "helo"),
      jobrunner("post", "hello", "--nam", "x"),
      jobrunner("post", "simple_http_webserver", "--port", "70000"),
      jobrunner("post", "simple_http_webserver", "--port", "many"),
      jobrunner("post", "hello", "--fail-at", "nowhere"),
    ]);

    expect(results.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    expect(results.map(({ stdout }) => stdout)).toEqual(["", "", "", "", ""]);
    expect(results[0]?.stderr).toContain("did you mean hello?");
    expect(results[1]?.stderr).toContain("did you mean --name?");
    expect(results[2]?.stderr).toContain("--port: 70000 is too big, the flow allows 1..65535");
    expect(results[3]?.stderr).toContain('--port: "many" is not a number');
    expect(results[4]?.stderr).toContain('--fail-at: "nowhere" is not one of');
    expect((await jobrunner("show", "-o", "name")).stdout).toBe("");
  });

  it("shows the board in use, and takes an operator's word for it (P-30)", async () => {
    const { jobrunner } = await withAgent();

    const shown = await jobrunner("board", "show", "-o", "json");
    const used = await jobrunner("board", "use");

    const { here, inUse } = JSON.parse(shown.stdout) as { here: string; inUse: string };
    expect(here).toMatch(/^[0-9a-f-]{36}$/);
    expect(inUse).toBe(here);
    expect(used).toMatchObject({ code: 0, stderr: "" });
    expect(used.stdout).toMatch(new RegExp(`^board of \\S+\t${here}\nin use\t${here}$`, "m"));
  });

  it("refuses unknown commands, and ids that can be none", async () => {
    const { jobrunner } = await withAgent();

    expect(await jobrunner("pots")).toMatchObject({ code: 2, stdout: "" });
    expect((await jobrunner("pots")).stderr).toContain("did you mean post?");
    expect((await jobrunner("reprioritise")).stderr).toMatch(/^error: missing .* 'job'\n/);
    expect(await jobrunner("show", "no!")).toMatchObject({ code: 2, stdout: "" });
    expect(await jobrunner("show", "0000-0000")).toMatchObject({ code: 3, stdout: "" });
  });

  it("says how to start an agent when none answers", async () => {
    const nobody = { JOBRUNNER_ADDR: "http://127.0.0.1:9", XDG_STATE_HOME: tempDir() };

    const { code, stdout, stderr } = await runCommand(["show"], nobody);

    expect({ code, stdout }).toEqual({ code: 5, stdout: "" });
    expect(stderr).toContain("jobrunner run");
  });

  it("finds another agent of the machine when the usual one is gone", async () => {
    const { dir } = await withAgent();
    const env = { JOBRUNNER_ADDR: "", XDG_STATE_HOME: join(dir, "state") };

    expect((await runCommand(["flows"], env)).stdout).toContain("hello");
  });

  it("prints the tree of a flow without posting it", async () => {
    const { jobrunner } = await withAgent();

    const { code, stdout } = await jobrunner("post", "simple_http_webserver", "--hierarchy");

    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^linear simple_http_webserver {2}retry times\(100\), 1s to 1m apart\n└─ /,
    );
    expect((await jobrunner("show", "--all", "-o", "name")).stdout).toBe("");
  });

  it("draws a flow, and a job's with the states of its atoms", async () => {
    const { jobrunner } = await withAgent();
    const id = (await jobrunner("post", "hello", "--wait", "-o", "name")).stdout.trim();

    const text = await jobrunner("show", id, "--graph");
    const mermaid = await jobrunner("show", id, "--graph", "mermaid");
    const dot = await jobrunner("flow", "graph", "hello", "--as", "dot", "--name", "x");
    const typo = await jobrunner("flow", "graph", "hello", "--as", "dott");

    expect(text.stdout).toMatch(/^linear hello\n.* greet {2}SUCCESS\n/);
    expect(mermaid.stdout).toMatch(/^flowchart LR\n[^]*\["greet<br\/>SUCCESS"\]:::SUCCESS\n/);
    expect(dot.stdout).toMatch(/^digraph "linear hello" \{\n[^]*\[label="greet"\];\n/);
    expect(dot.stderr).toBe("");
    expect(typo).toMatchObject({ code: 2, stdout: "" });
    expect(typo.stderr).toContain("did you mean dot?");
    expect(await jobrunner("show", "--graph")).toMatchObject({ code: 2, stdout: "" });
  });

  it("lists every flow, and shows the typed flags of one", async () => {
    const { jobrunner } = await withAgent();

    const all = await jobrunner("post", "--help");
    const one = await jobrunner("post", "simple_http_webserver", "--help");

    expect(all.stdout).toMatch(/hello +\S.*\n(.*\n)* +simple_http_webserver +\S/);
    expect(one.stdout).toMatch(/--port <n> +.*1\.\.65535 \(default: 8080\)/);
  });

  it("shows one flow, one agent, this jobrunner, and help about each of them", async () => {
    const { jobrunner } = await withAgent();

    const flow = await jobrunner("flow", "show", "simple_http_webserver");
    const agent = await jobrunner("agent", "show", "-o", "name");
    const version = await jobrunner("version", "-o", "json");
    const helped = await jobrunner("help", "post");
    const codes = await jobrunner("help", "exit-codes");
    const unknown = await jobrunner("help", "shwo");

    expect(flow.stdout).toMatch(/^simple_http_webserver\tv\d+\t.*\nport\t--port\t/);
    expect(agent.stdout).toBe("alpha\n");
    expect(JSON.parse(version.stdout)).toMatchObject({ node: process.versions.node });
    expect(helped.stdout).toMatch(/^ {2}hello /m);
    expect(codes.stdout).toMatch(/^ {2}130 /m);
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toContain("did you mean show?");
  });

  it("makes one job of two postings with the same key, and refuses the key for another", async () => {
    const { jobrunner } = await withAgent();
    const post = (...flags: readonly string[]) =>
      jobrunner("post", "hello", "--key", "k1", "-o", "name", ...flags);

    const first = await post();
    const second = await post();
    const other = await post("--name", "somebody");

    expect(first.stdout).toMatch(/^[0-9a-f-]{36}\n$/);
    expect(second.stdout).toBe(first.stdout);
    expect(other).toMatchObject({ code: 6, stdout: "" });
    expect((await jobrunner("show", "--all", "-o", "name")).stdout).toBe(first.stdout);
    expect((await jobrunner("show", "--text", "HELLO", "-o", "name")).stdout).toBe(first.stdout);
    expect((await jobrunner("show", "--text", "bye", "-o", "name")).stdout).toBe("");
  });

  it("prints the same job in every format, and more columns when asked", async () => {
    const { jobrunner } = await withAgent();
    const id = (await jobrunner("post", "hello", "--wait", "-o", "name")).stdout.trim();

    const list = async (format: string) => (await jobrunner("show", "-o", format)).stdout;
    const json = await jobrunner("show", id, "-o", "json");
    const yaml = await jobrunner("show", id, "-o", "yaml");
    const agents = await jobrunner("agents", "-o", "yaml");

    expect(parse(yaml.stdout)).toEqual(JSON.parse(json.stdout));
    expect(parse(await list("yaml"))).toEqual(JSON.parse(await list("json")));
    expect(parse(agents.stdout)).toMatchObject([{ state: "ready" }]);
    expect([await list("name"), (await list("wide")).split("\t")[0]]).toEqual([`${id}\n`, id]);
    expect((await list("wide")).split("\t")).toHaveLength(11);
    for (const words of [["flows"], ["board", "show"], ["config", "show"], ["why", id]]) {
      expect((await jobrunner(...words, "-o", "yaml")).stdout).toMatch(/^---\n/);
      expect((await jobrunner(...words, "-o", "wide")).stdout).not.toBe("");
    }
  });

  it("gives up waiting with 124 when the time is up, and the job goes on", async () => {
    const { jobrunner, dir } = await withAgent();
    const file = join(dir, "effects");
    const held = ["--file", file, "--hold-at", "1", "--release", join(dir, "release")];

    const posted = await jobrunner("post", "ten_steps", ...held, "--wait", "--timeout", "300ms");
    const [id] = (await jobrunner("show", "-o", "name")).stdout.split("\n");
    const waited = await jobrunner("wait", id ?? "", "--timeout", "200ms");
    const claimed = await jobrunner("wait", id ?? "", "--for", "claimed", "-q");
    const good = await jobrunner("post", "hello", "-q");
    const any = await jobrunner("wait", id ?? "", good.stdout.trim(), "--any", "-q");

    expect(posted.code).toBe(124);
    expect(waited.code).toBe(124);
    expect(claimed).toEqual({ code: 0, stdout: `${id}\n`, stderr: "" });
    expect(any).toEqual({ code: 0, stdout: good.stdout, stderr: "" });
    const job = JSON.parse(
      (await jobrunner("show", id ?? "", "-o", "json")).stdout,
    ) as JobDetailView;
    expect(job.state).toBe("RUNNING");
  });

  it("detaches at Ctrl-C with 130 and says how to follow the job again", async () => {
    const { url, dir } = await withAgent();
    const file = join(dir, "effects");
    const held = ["--file", file, "--hold-at", "1", "--release", join(dir, "release")];
    const words = [MAIN, "post", "ten_steps", ...held, "--wait", "--via", url];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stderr.on("data", (part: Buffer) => (said += part.toString()));
    await once(child.stderr, "data"); // It says what it posted, then waits.

    child.kill("SIGINT");
    const [code] = (await once(child, "exit")) as [number];

    expect(code).toBe(130);
    expect(said).toMatch(/jobrunner wait [0-9a-f-]+/);
  });

  it("starts quickly: --help loads neither zod, fastify nor knex", () => {
    const times = Array.from({ length: 9 }, () => [timeOf(["-e", "0"]), timeOf([MAIN, "--help"])]);
    const over = times.map(([bare = 0, help = 0]) => help - bare).sort((a, b) => a - b);
    const listed = spawnSync(process.execPath, [MAIN, "--help"], {
      env: { ...process.env, NODE_DEBUG: "module,esm" },
      encoding: "utf8",
    });

    // A share, not milliseconds: on a busy machine both take longer.
    const share = times.map(([bare = 1, help = 0]) => help / bare).sort((a, b) => a - b)[4];
    console.log(`--help takes ${over[4]?.toFixed(0) ?? "?"} ms more than bare node (median of 9)`);
    expect(share).toBeLessThan(4);
    expect(listed.stderr).toMatch(/commander/); // So that the list is one.
    expect(listed.stderr).not.toMatch(/node_modules\/(zod|fastify|knex)\//);
  });
});

function timeOf(args: readonly string[]): number {
  const began = performance.now();
  spawnSync(process.execPath, args, { stdio: "ignore" });
  return performance.now() - began;
}

async function withAgent() {
  const dir = tempDir();
  const agent = await agentInTest({ dir, name: "alpha", args: ["--flows", FLOWS] });
  const jobrunner = (...words: readonly string[]): Promise<CommandResult> =>
    runCommand(words, { JOBRUNNER_ADDR: agent.url, NO_COLOR: "1" });
  return { dir, url: agent.url, jobrunner };
}
