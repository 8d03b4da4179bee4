import { onTestFinished } from "vitest";
import { startAgent, type AgentOptions, type AgentProcess } from "../../scripts/lab/agents.js";
import { freePort } from "../../scripts/lab/ports.js";

export type TestAgent = Omit<AgentOptions, "port" | "database" | "stateHome"> & {
  /** The test's directory: database and identity lie in it. */
  readonly dir: string;
  readonly port?: number;
  /** Default a file in `dir`, unless `args` name a board or a file of settings. */
  readonly database?: string;
};

/**
 * An agent process of this test's own, ready to take jobs. However the test ends, the agent and
 * everything it started is gone before the next one begins.
 */
export async function agentInTest(options: TestAgent): Promise<AgentProcess> {
  const { dir, port = await freePort(), database = `${dir}/jobs.db`, ...rest } = options;
  const shared = rest.args?.some((word) => word === "--board" || word === "--config") ?? false;
  const file = shared ? {} : { database };
  const agent = startAgent({ ...rest, ...file, port, stateHome: `${dir}/state` });
  onTestFinished(async () => {
    await agent[Symbol.asyncDispose]();
  });
  await agent.ready();
  return agent;
}
