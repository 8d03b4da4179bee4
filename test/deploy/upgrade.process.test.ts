import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { AgentView, JobDetailView } from "../../common/wire.js";
import type { AgentProcess } from "../../scripts/lab/agents.js";
import { runCommand } from "../../scripts/lab/command.js";
import { install, pack } from "../../scripts/lab/package/installation.js";
import { signal } from "../../scripts/lab/processes.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

/*
 * Agents of two versions in one cluster. The older one is the tarball that JOBRUNNER_TEST_PREVIOUS
 * names, else this very tree under another version.
 */

const FLOWS = join(import.meta.dirname, "../../deploy/flows");
const MODULES = join(import.meta.dirname, "../../node_modules");
const PATIENCE = { withinMs: 30_000, everyMs: 100 };

describe("a cluster in the middle of an upgrade", { timeout: 120_000 }, () => {
  let older: string;
  let newer: string;

  beforeAll(async () => {
    const dir = mkdtempSync(join(tmpdir(), "jobrunner-upgrade-"));
    const { tarball } = await pack(join(dir, "packed"));
    const previous = process.env["JOBRUNNER_TEST_PREVIOUS"];
    newer = mainOf(unpack(tarball, join(dir, "newer")));
    older = mainOf(
      previous === undefined
        ? unpack(await aged(tarball, dir), join(dir, "older"))
        : (await install(previous, join(dir, "older"))).root,
    );
    return () => {
      rmSync(dir, { recursive: true, force: true });
    };
  }, 120_000);

  it("lists both, and lets either go on with what the other one began", async () => {
    const { start, post, show, duty, versions, finished } = cluster({ older, newer });
    const first = await start("older");
    const second = await start("newer");
    const seen = await versions(second);

    await duty(second, "cordon");
    const forth = await post(first, "steps", "--pause", "150");
    await until(() => begun(show(first, forth)), PATIENCE);
    await duty(second, "resume");
    signal(first.pid, "SIGKILL");
    const forthOwners = await finished(second, forth);

    const again = await start("older");
    await duty(again, "cordon");
    const back = await post(second, "steps", "--pause", "150");
    await until(() => begun(show(second, back)), PATIENCE);
    await duty(again, "resume");
    await second.stop();
    const backOwners = await finished(again, back);

    expect(new Set(seen).size).toBe(2);
    expect(forthOwners).toEqual(["older", "newer"]);
    expect(backOwners).toEqual(["newer", "older"]);
  });

  it("gives a job to no agent that lacks its version of the flow, and why says so", async () => {
    const { start, post, show, duty, finished } = cluster({ older, newer });
    const first = await start("older");
    const second = await start("newer");

    await duty(second, "cordon");
    const job = await post(second, "greet");
    const why = await runCommand(["why", job, "-o", "json", "--via", second.url]);
    const before = await show(first, job);
    await duty(second, "resume");
    const owners = await finished(first, job);

    expect(why.stdout).toContain("flow greet is version 1 here, not 2");
    expect(before.state).toBe("WAITING");
    expect(owners).toEqual(["newer"]);
  });
});

type Which = "older" | "newer";

/** What agents of either installation share, and what people do with them. */
function cluster(mains: Readonly<Record<Which, string>>) {
  const dir = tempDir();
  const flows = { older: flowsOf(dir, "older", 1), newer: flowsOf(dir, "newer", 2) };
  const start = (name: Which) =>
    agentInTest({
      ...{ name, dir, main: mains[name] },
      args: ["--lease", "2s", "--flows", flows[name]],
    });
  const ask = async ({ url }: AgentProcess, ...words: readonly string[]) => {
    const { code, stdout, stderr } = await runCommand([...words, "--via", url]);
    if (code !== 0) throw new Error(`${words.join(" ")} ended with ${String(code)}: ${stderr}`);
    return stdout.trim();
  };
  const show = async (agent: AgentProcess, job: string) =>
    JSON.parse(await ask(agent, "show", job, "-o", "json")) as JobDetailView;
  return {
    ...{ start, show },
    post: (agent: AgentProcess, ...words: readonly string[]) =>
      ask(agent, "post", ...words, "-o", "name"),
    duty: (agent: AgentProcess, verb: "cordon" | "resume") => ask(agent, "agent", verb, agent.name),
    versions: async (agent: AgentProcess) => {
      const all = JSON.parse(await ask(agent, "agents", "-o", "json")) as readonly AgentView[];
      return all.map(({ version }) => version);
    },
    /** Who owned it, in turn, once it ended well. */
    finished: async (agent: AgentProcess, job: string) => {
      const ended = await until(async () => {
        const seen = await show(agent, job);
        return seen.state === "SUCCESS" && seen;
      }, PATIENCE);
      return ended.owners.map((owner) => owner.agent);
    },
  };
}

async function begun(job: Promise<JobDetailView>): Promise<boolean> {
  return JSON.stringify((await job).tree).includes('"SUCCESS"');
}

/** One flow that both have, and one of which each has a version of its own. */
function flowsOf(dir: string, name: Which, version: number): string {
  const flows = join(dir, `flows-${name}`);
  cpSync(FLOWS, flows, { recursive: true });
  writeFileSync(
    join(flows, "greet.ts"),
    `import { defineFlow, z } from "jobrunner";
export default defineFlow({
  name: "greet",
  version: ${String(version)},
  params: z.object({}),
  build: (f) => void f.task("say", { execute: () => "hello" }),
});
`,
  );
  return flows;
}

/** The same package, said to be an older one. */
async function aged(tarball: string, dir: string): Promise<string> {
  const source = unpack(tarball, join(dir, "aged"));
  const file = join(source, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify({ ...manifest, version: "0.0.1" }));
  return (await pack(join(dir, "packed-aged"), source)).tarball;
}

/** With this tree's packages: npm has its test in package.process.test.ts. */
function unpack(tarball: string, root: string): string {
  mkdirSync(root);
  execFileSync("tar", ["-xzf", tarball, "-C", root, "--strip-components=1"]);
  symlinkSync(MODULES, join(root, "node_modules"));
  return root;
}

function mainOf(root: string): string {
  return join(root, "dist", "cli", "main.js");
}
