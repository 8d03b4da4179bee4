import { describe, expect, it } from "vitest";
import { createClient } from "../../cli/api/client.js";
import type { StreamEvent } from "../../common/text/event-parser.js";
import { resumedEvents } from "../../cli/api/resumed-events.js";
import type { JobView } from "../../common/wire.js";
import type { EventView } from "../../common/wire/events.js";
import type { AgentProcess } from "../../scripts/lab/agents.js";
import { startCrowd } from "../../scripts/lab/events/crowd.js";
import { postBeside } from "../../scripts/lab/events/crowded.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

const SOON = { withinMs: 30_000 };

async function post(agent: AgentProcess, params: object = {}): Promise<string> {
  const answer = await fetch(`${agent.url}/v1/jobs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ flow: "hello", params }),
  });
  return ((await answer.json()) as JobView).id;
}

/** Reads as the command line does, from the first of these agents that lives. */
async function read(path: string, agents: readonly AgentProcess[]) {
  const stop = new AbortController();
  const via = agents.map(({ url }) => url).join(",");
  const client = await createClient({ via, env: {}, say: () => undefined });
  const events: StreamEvent[] = [];
  const done = (async () => {
    try {
      const stream = resumedEvents(path, { client, signal: stop.signal, say: () => undefined });
      for await (const event of stream) events.push(event);
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
  })();
  return {
    events,
    done,
    views: () => events.map(({ data }) => JSON.parse(data) as EventView),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

describe("following events", () => {
  it("goes on at another agent when the one that was followed is killed", async () => {
    const dir = tempDir();
    const lease = ["--lease", "2s"];
    const alpha = await agentInTest({ dir, name: "alpha", args: lease });
    const beta = await agentInTest({ dir, name: "beta", args: lease });
    await using feed = await read("/v1/events", [alpha, beta]);
    await until(() => feed.events.length > 0, SOON);
    const id = await post(alpha, { pause: 1 });
    const job = await read(`/v1/jobs/${id}/events`, [alpha, beta]);
    await until(() => job.views().some(({ type }) => type === "atom.state"), SOON);

    alpha.signal("SIGKILL");
    await job.done;

    const answer = await fetch(`${beta.url}/v1/jobs/${id}/events?limit=1000`);
    const { items } = (await answer.json()) as {
      items: readonly (EventView & { cursor: string })[];
    };
    const journal = job.events.filter(({ event }) => items.some(({ type }) => type === event));
    // The whole journal, each event once, whoever wrote it and whoever told it.
    expect(journal.map(({ event, id: at }) => `${at} ${event}`)).toEqual(
      items.map(({ type, cursor }) => `${cursor} ${type}`),
    );
    expect(job.events.at(-1)?.event).toBe("end");

    // Of the cluster's feed, every event of beta; what alpha did at last nobody can know.
    await until(() => feed.views().some(({ type }) => type === "job.finished"), SOON);
    expect(
      feed.views().some(({ type, agent }) => type === "agent.unreachable" && agent === "alpha"),
    ).toBe(true);
    const ofBeta = feed.events.flatMap(({ id: at, data }) => {
      const { agent, type } = JSON.parse(data) as EventView;
      const n = /beta~\w+\.(\w+)/.exec(at)?.[1];
      return agent === "beta" && type !== "agent.unreachable" && n ? [Number.parseInt(n, 36)] : [];
    });
    const [first = 0] = ofBeta;
    expect(ofBeta).toEqual(ofBeta.map((_, index) => first + index));
  });

  it("says reset when the followed agent was started again", async () => {
    const dir = tempDir();
    const alpha = await agentInTest({ dir, name: "alpha" });
    const beta = await agentInTest({ dir, name: "beta" });
    await using feed = await read("/v1/events", [beta]);
    await until(() => feed.events.length > 0, SOON);
    await post(alpha);
    await until(() => feed.views().some(({ type }) => type === "job.finished"), SOON);

    alpha.signal("SIGKILL");
    await alpha.exited;
    const port = Number(new URL(alpha.url).port);
    await agentInTest({ dir, name: "alpha", port });
    const isBack = (event: EventView) => event.type === "agent.joined" && event.agent === "alpha";
    await until(() => feed.views().some(isBack), SOON);

    const types = feed.events.map(({ event }) => event);
    expect(types.filter((type) => type === "reset")).toHaveLength(1);
    expect(types.indexOf("reset")).toBeGreaterThan(types.indexOf("agent.unreachable"));
    expect(feed.views()[types.indexOf("reset")]).toMatchObject({ agent: "alpha" });
  });

  it("says that an agent leaves, and nothing more of it", async () => {
    const dir = tempDir();
    const alpha = await agentInTest({ dir, name: "alpha" });
    const beta = await agentInTest({ dir, name: "beta" });
    await using feed = await read("/v1/events?types=agent.*", [beta]);
    await until(() => feed.events.length > 0, SOON);

    await alpha.stop();
    await until(() => feed.views().some(({ type }) => type === "agent.left"), SOON);

    expect(
      feed.views().flatMap(({ type, agent, to }) => (agent === undefined ? [] : [[type, to]])),
    ).toEqual([
      ["agent.state", "draining"],
      ["agent.drain", undefined],
      ["agent.left", undefined],
    ]);
  });

  it("gives 50 readers every event of an agent that is posted to all the time", async () => {
    const agent = await agentInTest({ dir: tempDir(), name: "alpha", args: ["--slots", "16"] });
    await using crowd = await startCrowd(agent.url, 50);

    const posting = { url: agent.url, clients: 8, perSecond: 20, seconds: 5 };
    const { wrong, events, tookMs } = await postBeside(crowd, posting);

    expect(wrong).toBe(0);
    expect(events).toBeGreaterThan(tookMs.length * 5);
  });
});
