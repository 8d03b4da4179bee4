import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AgentView, JobDetailView, WhyView } from "../../common/wire.js";
import type { AgentProcess } from "../../scripts/lab/agents.js";
import { type CommandResult, runCommand } from "../../scripts/lab/command.js";
import { freePort } from "../../scripts/lab/ports.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

const FLOWS = join(import.meta.dirname, "fixtures", "flows");

describe("two agents that only know each other's address", () => {
  it("are addressed by name: listed, told, asked and posted to", async () => {
    const { one, two, jobrunner } = await peers();

    const list = JSON.parse((await jobrunner("agents", "-o", "json")).stdout) as AgentView[];
    const shown = await jobrunner("agents", "peer2", "-o", "json");
    const posted = await jobrunner("post", "hello", "--wait", "-o", "json", "--via", "peer2");
    const tested = await jobrunner("capability", "test", "on_agent", "peer2", "-o", "name");
    const drained = await jobrunner("agent", "drain", "peer2", "-o", "json");
    const wrong = await jobrunner("agents", "peer3");
    const impossible = await jobrunner(
      ...["post", "hello", "--require", "on_agent(nobody)", "-o", "name"],
    );
    const why = await jobrunner("why", impossible.stdout.trim(), "-o", "json");
    await two.stop();
    const dead = await jobrunner("agents", "peer2", "-o", "json");

    expect(list.map(({ name, state }) => [name, state])).toEqual([
      ["peer1", "ready"],
      ["peer2", "ready"],
    ]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ name: "peer2", url: two.url });
    expect((JSON.parse(posted.stdout) as JobDetailView).postedVia).toBe("peer2");
    expect(JSON.parse(drained.stdout)).toMatchObject({ name: "peer2", state: "draining" });
    expect(tested).toEqual({ code: 0, stdout: "peer2\n", stderr: "" });
    expect(wrong).toMatchObject({ code: 3 });
    expect(wrong.stderr).toContain("Did you mean peer1?");
    expect((JSON.parse(why.stdout) as WhyView).agents.map(({ agent }) => agent)).toEqual([
      ...["peer1", "peer2"],
    ]);
    expect(JSON.parse(dead.stdout)).toMatchObject({ name: "peer2", state: "unreachable" });
    expect(one.output()).not.toContain("error");
  });

  it("explain an impossible job in 2 s, one of them slow and the other one dead", async () => {
    const { one, two, jobrunner } = await peers();
    await jobrunner("agents", "-o", "name"); // From now on both have a name.
    const clauses = ["slow_clause(5)", "on_agent(nobody)", "os_is(windows)"];
    const require = clauses.flatMap((clause) => ["--require", clause]);
    const id = (await jobrunner("post", "hello", ...require, "-o", "name")).stdout.trim();

    const asked = async (): Promise<WhyView> => {
      const began = performance.now();
      const answer = await fetch(`${one.url}/v1/jobs/${id}/why`);
      const view = (await answer.json()) as WhyView;
      expect(performance.now() - began).toBeLessThan(2_000);
      return view;
    };
    const slow = await asked();
    two.signal("SIGSTOP"); // Its machine is there and says nothing.
    const frozen = await asked();
    two.signal("SIGKILL");
    const dead = await asked();

    expect(slow.agents.map(({ agent }) => agent)).toEqual(["peer1", "peer2"]);
    for (const { requirements } of slow.agents) {
      const told = requirements.filter(({ verdict }) => verdict !== "yes");
      expect(told.map(({ what, verdict }) => [what, verdict])).toEqual([
        ["slow_clause(5)", "unknown"],
        ["on_agent(nobody)", "no"],
        ["os_is(windows)", "no"],
      ]);
      expect(told[0]?.observed).toBe("no answer within 1200 ms");
    }
    for (const view of [frozen, dead]) {
      expect(view.agents).toMatchObject([
        { agent: "peer1", able: false },
        { agent: "peer2", able: false, requirements: [{ what: "answers", verdict: "unknown" }] },
      ]);
      expect(view.closest).toEqual({ agent: "peer1", short: 3 });
    }
  });
});

interface Peers {
  readonly one: AgentProcess;
  readonly two: AgentProcess;
  /** Asks the first one, from a machine without agents. */
  jobrunner(...words: readonly string[]): Promise<CommandResult>;
}

/** As on two machines, but for the database: a state directory for each. */
async function peers(): Promise<Peers> {
  const [dir, ports] = [tempDir(), [await freePort(), await freePort()]];
  const database = join(dir, "jobs.db");
  const urls = ports.map((port) => `http://127.0.0.1:${String(port)}`);
  const start = (index: number): Promise<AgentProcess> =>
    agentInTest({
      ...{ dir: join(dir, String(index)), name: `peer${String(index + 1)}`, database },
      ...{ port: ports[index] ?? 0, args: ["--flows", FLOWS] },
      // Each lists all of them, itself as well: one file of settings for every machine.
      env: { JOBRUNNER_PEERS: JSON.stringify(urls) },
    });
  const [one, two] = await Promise.all([start(0), start(1)]);
  const env = { XDG_STATE_HOME: tempDir(), XDG_CONFIG_HOME: tempDir(), CONSUL_HTTP_ADDR: "" };
  const jobrunner = (...words: readonly string[]): Promise<CommandResult> =>
    words.includes("--via")
      ? runCommand(words, { ...env, JOBRUNNER_PEERS: JSON.stringify(urls), JOBRUNNER_ADDR: "" })
      : runCommand(words, { ...env, JOBRUNNER_ADDR: one.url });
  return { one, two, jobrunner };
}
