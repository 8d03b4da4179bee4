import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JobDetailView } from "../../common/wire.js";
import type { AgentProcess } from "../../scripts/lab/agents.js";
import { type CommandResult, runCommand } from "../../scripts/lab/command.js";
import { signal } from "../../scripts/lab/processes.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { readEffects } from "../../scripts/lab/fleet/effects.js";
import { tempDir } from "../support/temp.js";

/* Cancel, suspend and resume, as people type them, with an owner that lives, died or is held up. */

const FLOWS = join(import.meta.dirname, "fixtures", "flows");

describe("cancel, suspend and resume", { timeout: 60_000 }, () => {
  it("reach an owner that lives at once, whichever agent is asked", async () => {
    const { job, other, begun, jobrunner } = await held();

    const asked = await jobrunner(other, "cancel", job, "--reason", "wrong file");
    const waited = await jobrunner(other, "wait", job, "--timeout", "30s");

    expect(asked.code).toBe(0);
    expect(waited.stderr).toContain("was cancelled: wrong file");
    expect((await jobrunner(other, "show", job)).stdout).toContain("CANCELLED: wrong file");
    expect(asked.stdout).toContain(job);
    expect(asked.stderr).toMatch(
      /cancel asked for: .*reverts what ran.*jobrunner wait [0-9a-f]{8}/,
    );
    expect(waited.code).toBe(12);
    expect(begun().at(-1)).toBe("steps/step-5");
  });

  it("reach the next owner when the last one was killed", async () => {
    const { job, owner, other, begun, jobrunner } = await held();
    signal(owner.pid, "SIGKILL");

    const asked = await jobrunner(other, "cancel", job, "--no-revert");
    const waited = await jobrunner(other, "wait", job, "--timeout", "30s");

    expect(asked).toMatchObject({ code: 0 });
    expect(waited.code).toBe(12);
    expect(begun().at(-1)).toBe("steps/step-5");
    const shown = await jobrunner(other, "show", job, "-o", "json");
    const { owners } = JSON.parse(shown.stdout) as JobDetailView;
    expect(owners.map(({ agent }) => agent)).toEqual([owner.name, other.name]);
    const metrics = await (await fetch(`${other.url}/metrics`)).text();
    const ended = 'jobrunner_jobs_finished_total{flow="ten_steps",outcome="CANCELLED"} 1';
    expect(metrics).toContain(ended);
  });

  it("suspend a job between two of its tasks, and resume it there", async () => {
    const { job, other, begun, release, jobrunner } = await held();

    const suspended = await jobrunner(other, "suspend", job);
    release();
    const waited = await jobrunner(other, "wait", job, "--timeout", "30s");
    const stopped = begun();
    const shown = await jobrunner(other, "show", job);
    const resumed = await jobrunner(other, "resume", job);
    const ended = await jobrunner(other, "wait", job, "--timeout", "30s");

    expect([suspended.code, waited.code, resumed.code, ended.code]).toEqual([0, 14, 0, 0]);
    expect(shown.stdout).toContain(`jobrunner resume ${job.slice(-8)}`);
    expect(begun().slice(0, stopped.length)).toEqual(stopped);
    expect(new Set(begun()).size).toBe(10);
    expect(begun()).toHaveLength(10);
  });

  it("tell by the exit code what they could not do, job by job", async () => {
    const { job, other, jobrunner } = await held();
    await jobrunner(other, "cancel", job);
    await jobrunner(other, "wait", job, "--timeout", "30s");

    const over = await jobrunner(other, "suspend", job);
    const again = await jobrunner(other, "cancel", job);
    const unknown = await jobrunner(other, "resume", "00000000-0000-7000-8000-000000000000");
    const both = await jobrunner(other, "cancel", "0000-0000", job);
    const wrong = await jobrunner(other, "cancel", "no!");

    expect([over, again, unknown, both, wrong].map(({ code }) => code)).toEqual([6, 0, 3, 3, 2]);
    expect(over.stderr).toContain(`job ${job} is CANCELLED: it cannot be suspended`);
    expect(over.stderr).toContain("hint:");
    expect(both.stdout).toContain(job);
  });
});

/** A job that one of two agents owns, in the middle of its fifth task. */
async function held() {
  const dir = tempDir();
  const args = ["--lease", "2s", "--flows", FLOWS];
  const owner = await agentInTest({ dir, name: "alpha", args });
  const file = join(dir, "effects");
  const releaseFile = join(dir, "release");
  const jobrunner = (agent: AgentProcess, ...words: string[]): Promise<CommandResult> =>
    runCommand([...words, "--via", agent.url]);
  const flags = ["--file", file, "--hold-at", "5", "--release", releaseFile];
  const posted = await jobrunner(owner, "post", "ten_steps", ...flags, "-o", "name");
  const begun = () =>
    readEffects(file)
      .filter(({ phase }) => phase === "begin")
      .map(({ atom }) => atom);
  await until(() => begun().includes("steps/step-5"), { withinMs: 20_000 });
  const other = await agentInTest({ dir, name: "beta", args });
  const release = (): void => writeFileSync(releaseFile, "");
  return { job: posted.stdout.trim(), owner, other, begun, release, jobrunner };
}
