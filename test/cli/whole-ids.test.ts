import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Client, createClient } from "../../cli/api/client.js";
import { eachJob } from "../../cli/commands/verbs/each.js";
import type { JobView } from "../../common/wire.js";
import { apisForFile } from "../http/apis.js";
import { tempDir } from "../support/temp.js";

const [api] = apisForFile("alpha");

function clientOf(via: string): Promise<Client> {
  return createClient({ via, env: { XDG_STATE_HOME: tempDir() }, say: () => undefined });
}

describe("what the command line does to a job", () => {
  it("has deleted what is gone after the first agent died before it answered", async () => {
    let asked = "";
    const dying = createServer((request, response) => {
      asked = String(request.url);
      response.destroy();
    });
    onTestFinished(() => void dying.close());
    await new Promise<void>((resolve) => dying.listen(0, "127.0.0.1", resolve));
    const { port } = dying.address() as AddressInfo;
    const client = await clientOf(`http://127.0.0.1:${port},${api.url}`);
    const path = "/v1/jobs/01990000-0000-7000-8000-00000000dead";

    await client.delete(path);

    expect(asked).toBe(path);
  });

  it("has not deleted what no agent knows", async () => {
    const client = await clientOf(`http://127.0.0.1:9,${api.url}`);

    await expect(
      client.delete("/v1/jobs/01990000-0000-7000-8000-00000000dead"),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
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
