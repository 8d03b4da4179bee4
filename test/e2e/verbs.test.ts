import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JobDetailView, JobView } from "../../common/wire.js";
import { type CommandResult, runCommand } from "../../scripts/lab/command.js";
import { readEffects } from "../../scripts/lab/fleet/effects.js";
import { signal } from "../../scripts/lab/processes.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

/* Retry, release, reprioritise, delete and gc, as people type them, against real agents. */

const FLOWS = join(import.meta.dirname, "fixtures", "flows");
const LATER = ["--at", "2099-01-01T00:00:00Z"];

describe("retry", { timeout: 60_000 }, () => {
  it("posts a job once more, with another parameter, and prints its id for scripts", async () => {
    const { jobrunner } = await withAgent();
    const bad = await jobrunner("post", "hello", "--fail-at", "sign", "--wait", "-o", "name");
    const job = bad.stdout.trim();

    const retried = await jobrunner("retry", job, "-q", "--reset-store", "failAt=write");
    const wrong = await jobrunner("retry", job, "--reset-store", "failAt=nowhere");
    const slip = await jobrunner("retry", job, "--reset-store", "failat=write");

    expect(retried).toMatchObject({ code: 0, stderr: "" });
    const waited = await jobrunner("wait", retried.stdout.trim(), "-o", "json");
    expect(waited).toMatchObject({ code: 10 });
    expect(JSON.parse(waited.stdout)).toMatchObject({ retryOf: job, params: { failAt: "write" } });
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
    expect(wrong.stderr).toContain('--reset-store failAt: "nowhere" is not one of');
    expect(slip.stderr).toContain("did you mean failAt?");
    expect((await jobrunner("show", job)).stdout).toContain(`by ${retried.stdout.trim()}`);
  });

  it("goes on at an atom with what another agent had done before it", async () => {
    const { jobrunner, begun, job, release } = await held();
    await jobrunner("cancel", job, "--no-revert");
    await jobrunner("wait", job);
    const before = begun().length;
    release();

    const early = await jobrunner("retry", job, "--from", "steps/step-7");
    const retried = await jobrunner("retry", job, "--from", "steps/step-5", "-o", "name");
    const again = await jobrunner("retry", job, "--from", "steps/step-5");
    const ended = await jobrunner("wait", retried.stdout.trim(), "--timeout", "30s");

    expect([early, retried, ended, again].map(({ code }) => code)).toEqual([6, 0, 0, 6]);
    expect(early.stderr).toContain("Retry from steps/step-5 instead, or the whole job.");
    expect(again.stderr).toContain(`goes on with the results of job ${job}`);
    const rest = [5, 6, 7, 8, 9, 10].map((n) => `steps/step-${n}`);
    expect(begun().slice(before)).toEqual(rest);
  });
});

describe("release", { timeout: 60_000 }, () => {
  it("lets another agent go on with the job of an owner that is stopped", async () => {
    const { jobrunner, begun, job, owner, release } = await held({ lease: "60s" });
    signal(owner.pid, "SIGSTOP");
    release();

    const unsure = await jobrunner("release", job);
    const taken = await jobrunner("release", job, "--yes", "--reason", "the lid was closed");
    const ended = await jobrunner("wait", job, "--timeout", "30s");
    const over = await jobrunner("release", job, "--yes");
    signal(owner.pid, "SIGCONT");

    // 60 s of lease have not passed: 30 s of waiting were enough.
    expect([unsure, taken, ended, over].map(({ code }) => code)).toEqual([2, 0, 0, 6]);
    expect(unsure.stderr).toContain("--yes");
    expect(over.stderr).toContain("is SUCCESS: nobody owns it");
    expect(new Set(begun()).size).toBe(10);
    const shown = await jobrunner("show", job, "-o", "json");
    const { owners } = JSON.parse(shown.stdout) as JobDetailView;
    expect(owners.map(({ agent, ended }) => [agent, ended])).toEqual([
      ["alpha", "released"],
      ["beta", "outcome"],
    ]);
  });
});

describe("reprioritise, delete and gc", { timeout: 60_000 }, () => {
  it("do with each job what they can, and tell by the exit code what they could not", async () => {
    const { jobrunner } = await withAgent();
    const over = (await jobrunner("post", "hello", "--wait", "-o", "name")).stdout.trim();
    const later = (await jobrunner("post", "hello", ...LATER, "-o", "name")).stdout.trim();

    const moved = await jobrunner("reprioritise", later, over, "-7", "-o", "jsonl");
    const vague = await jobrunner("reprioritise", later, "high");
    const deleted = await jobrunner("delete", later, over, "-q");
    const gone = await jobrunner("delete", over);

    expect([moved, vague, deleted, gone].map(({ code }) => code)).toEqual([6, 2, 6, 3]);
    const view = JSON.parse(moved.stdout) as JobView;
    expect(view).toMatchObject({ id: later, priority: -7, state: "SCHEDULED" });
    expect(moved.stderr).toContain(`job ${over} is SUCCESS: it cannot be reprioritised`);
    expect(vague.stderr).toContain('"high" is no priority');
    expect(deleted.stdout).toBe(`${over}\n`);
    expect(deleted.stderr).toContain(`job ${later} is WAITING: it cannot be deleted`);
  });

  it("remove what has been over for long", async () => {
    const { jobrunner } = await withAgent();
    await jobrunner("post", "hello", "--wait");

    const young = await jobrunner("gc", "--older-than", "1h");
    const other = await jobrunner("gc", "--older-than", "0s", "--state", "FAILURE,REVERTED");
    const all = await jobrunner("gc", "--older-than", "0s", "-o", "json");
    const wrong = await jobrunner("gc", "--older-than", "0s", "--state", "RUNNING");

    expect([young, other].map(({ stdout }) => stdout)).toEqual([
      "0 jobs removed\n",
      "0 jobs removed\n",
    ]);
    expect(JSON.parse(all.stdout)).toEqual({ removed: 1 });
    expect(wrong.code).toBe(2);
    expect((await jobrunner("gc")).code).toBe(2);
  });
});

async function withAgent() {
  const dir = tempDir();
  const agent = await agentInTest({ dir, name: "alpha", args: ["--flows", FLOWS] });
  const jobrunner = (...words: readonly string[]): Promise<CommandResult> =>
    runCommand(words, { JOBRUNNER_ADDR: agent.url, NO_COLOR: "1" });
  return { dir, jobrunner };
}

/** A job that one of two agents owns, in the middle of its fifth task; the other one is asked. */
async function held({ lease = "2s" }: { readonly lease?: string } = {}) {
  const dir = tempDir();
  const args = ["--lease", lease, "--flows", FLOWS];
  const owner = await agentInTest({ dir, name: "alpha", args });
  const [file, released] = [join(dir, "effects"), join(dir, "release")];
  const flags = ["--file", file, "--hold-at", "5", "--release", released];
  const posted = await runCommand(["post", "ten_steps", ...flags, "-o", "name"], {
    JOBRUNNER_ADDR: owner.url,
  });
  const begun = () =>
    readEffects(file)
      .filter(({ phase }) => phase === "begin")
      .map(({ atom }) => atom);
  await until(() => begun().includes("steps/step-5"), { withinMs: 20_000 });
  const other = await agentInTest({ dir, name: "beta", args });
  const jobrunner = (...words: readonly string[]): Promise<CommandResult> =>
    runCommand(words, { JOBRUNNER_ADDR: other.url, NO_COLOR: "1" });
  const release = (): void => writeFileSync(released, "");
  return { job: posted.stdout.trim(), owner, begun, release, jobrunner };
}
