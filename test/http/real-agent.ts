import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { composeAgent } from "../../cli/agent/compose.js";
import { configIn } from "../support/config.js";

const FLOWS = join(import.meta.dirname, "flows");

/** A whole agent in this process, on a database of its own; its flows run in a thread. */
export interface RealAgent extends AsyncDisposable {
  readonly url: string;
}

export async function startRealAgent(): Promise<RealAgent> {
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-agent-"));
  const config = configIn(dir, { name: "alpha", runner: "thread", slots: "2", flows: [FLOWS] });
  const agent = await composeAgent(config, pino({ level: "silent" }));
  return {
    url: agent.address,
    async [Symbol.asyncDispose]() {
      await agent.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
