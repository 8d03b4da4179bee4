import { onTestFinished } from "vitest";
import { startAgent, type AgentOptions, type AgentProcess } from "../../scripts/lab/agents.js";
import { freePort } from "../../scripts/lab/ports.js";

export type TestAgent = Omit<AgentOptions, "port" | "database" | "stateHome"> & {
  /** The test's directory: database and identity lie in it. */
  readonly dir: string;
  readonly port?: number;
  readonly database?: string;
};

/**
 * An agent process of this test's own, ready to take jobs. However the test ends, the agent and
 * everything it started is gone before the next one begins.
 */
export async function agentInTest(options: TestAgent): Promise<AgentProcess> {
  const { dir, port = await freePort(), database = `${dir}/jobs.db`, ...rest } = options;
  const agent = startAgent({ ...rest, port, database, stateHome: `${dir}/state` });
  onTestFinished(async () => {
    await agent[Symbol.asyncDispose]();
  });
  await agent.ready();
  return agent;
}
