import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { expect, it, onTestFinished } from "vitest";
import { composeAgent } from "../../cli/agent/compose.js";
import type { HookBody } from "../../common/wire/hooks.js";
import type { JobView } from "../../common/wire.js";
import { until } from "../../scripts/lab/until.js";
import { ask, START_MS } from "../http/api.js";
import { configIn } from "../support/config.js";
import { startReceiver } from "./receiver.js";

const SOON = { withinMs: 20_000 };
const ALL = ["SUCCESS", "CANCELLED", "SUSPENDED"] as const;

it(
  "tells of jobs that its agent ran, and of those that somebody ended before they ran",
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "jobrunner-hooks-"));
    const receiver = await startReceiver();
    const config = {
      ...configIn(dir, { name: "alpha", runner: "thread" }),
      hooks: [{ on: ALL, act: { url: receiver.url }, timeLimitMs: 5_000, shown: receiver.url }],
    };
    const agent = await composeAgent(config, pino({ level: "silent" }));
    onTestFinished(async () => {
      await agent.stop();
      rmSync(dir, { recursive: true, force: true });
    });
    const post = async (body: object): Promise<string> => {
      const answer = await ask(`${agent.address}/v1/jobs`, { method: "POST", body });
      return (answer.json as JobView).id;
    };
    const verb = (id: string, name: string) =>
      ask(`${agent.address}/v1/jobs/${id}/${name}`, { method: "POST", body: {} });

    const ran = await post({ flow: "hello" });
    const waits = await post({ flow: "hello", delay: "1h" });
    const never = await post({ flow: "hello", delay: "1h" });
    await verb(waits, "suspend");
    await verb(never, "cancel");
    await until(() => receiver.received.length === 3, SOON);

    const told = receiver.received.map(({ body }) => JSON.parse(body) as HookBody);
    expect(new Map(told.map(({ job, state }) => [job.id, state]))).toEqual(
      new Map([
        [ran, "SUCCESS"],
        [waits, "SUSPENDED"],
        [never, "CANCELLED"],
      ]),
    );
  },
  START_MS,
);
