import pino from "pino";
import { expect, it, onTestFinished } from "vitest";
import { composeAgent } from "../../cli/agent/compose.js";
import { startReceiver } from "../hooks/receiver.js";
import { ask, START_MS } from "../http/api.js";
import { configIn } from "../support/config.js";
import { tempDir } from "../support/temp.js";

it(
  "other agents are asked with the token in force, which its removal leaves until a restart",
  async () => {
    const other = await startReceiver();
    const config = {
      ...configIn(tempDir(), { name: "alpha", runner: "thread" }),
      ...{ token: "the-first-of-two-tokens", peers: [new URL(other.url).origin] },
    };
    const agent = await composeAgent(config, pino({ level: "silent" }));
    onTestFinished(() => agent.stop());
    const askedWith = async (token: string): Promise<readonly (string | undefined)[]> => {
      const before = other.received.length;
      const headers = { authorization: `Bearer ${token}` };
      await ask(`${agent.address}/v1/agents`, { headers });
      const asked = other.received.slice(before);
      return [...new Set(asked.map((each) => each.headers.authorization))];
    };
    const { token: first, ...removed } = config;

    expect(await askedWith(first)).toEqual([`Bearer ${first}`]);
    agent.change(removed);
    expect(await askedWith(first)).toEqual([`Bearer ${first}`]);
    agent.change({ ...removed, token: "the-second-of-two-tokens" });

    expect(await askedWith("the-second-of-two-tokens")).toEqual([
      "Bearer the-second-of-two-tokens",
    ]);
  },
  START_MS,
);
