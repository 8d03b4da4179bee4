import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Client, createClient } from "../../cli/api/client.js";
import { eachJob } from "../../cli/commands/verbs/each.js";
import type { JobView } from "../../common/wire.js";
import { startNode } from "../agent/cluster/node.js";
import { apisForFile } from "../http/apis.js";
import { tempDir } from "../support/temp.js";

const [api] = apisForFile("alpha");

function clientOf(via: string): Promise<Client> {
  return createClient({ via, env: { XDG_STATE_HOME: tempDir() }, say: () => undefined });
}

describe("what the command line does to a job", () => {
  it("has deleted what is gone after the first agent died before it answered", async () => {
    const dying = await startDying();
    const client = await clientOf(`${dying.url},${api.url}`);
    const path = "/v1/jobs/01990000-0000-7000-8000-00000000dead";

    await client.delete(path);
    const node = await startNode({ name: "alpha" });
    const again = await clientOf(`${dying.url},${node.url}`);
    const answer = await again.remove("/v1/agents/nobody/forget");

    expect(dying.asked).toEqual([path, "/v1/agents/nobody/forget"]);
    expect(answer).toBeUndefined();
  });

  it("has not deleted what no agent knows", async () => {
    const client = await clientOf(`http://127.0.0.1:9,${api.url}`);

    await expect(
      client.delete("/v1/jobs/01990000-0000-7000-8000-00000000dead"),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
    const node = await startNode({ name: "alpha" });
    const other = await clientOf(`http://127.0.0.1:9,${node.url}`);
    await expect(other.remove("/v1/agents/nobody/forget")).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("does to the whole id what a part of it named, so that no other agent takes another job", async () => {
    const client = await clientOf(api.url);
    const { body: job } = await client.post<JobView>("/v1/jobs", { flow: "shapes" });
    const paths: string[] = [];
    const words = [job.id.slice(-12), job.id.toUpperCase()];

    const code = await eachJob(words, { via: api.url }, (_telling, path) => {
      paths.push(path);
      return Promise.resolve();
    });

    expect([code, paths]).toEqual([0, [`/v1/jobs/${job.id}`, `/v1/jobs/${job.id}`]]);
  });
});

/** An agent that dies of each request, after it may have done what was asked. */
async function startDying(): Promise<{ readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(String(request.url));
    response.destroy();
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${String(port)}`, asked };
}
