import { describe, expect, inject, it, onTestFinished } from "vitest";
import { clusterAgents, furtherAddresses } from "../../cli/api/cluster.js";
import { SERVICE } from "../../cluster/consul/membership.js";
import { tempDir } from "../support/temp.js";

/* Whoever may write to the catalog of a real Consul chooses where the command line asks. */

let services = 0;

/** As somebody registers it who has no certificate, or has one. */
async function register(url: string): Promise<void> {
  services += 1;
  const id = `consul-addresses-${services}`;
  const { hostname, port } = new URL(url);
  const put = (path: string, body?: object): Promise<Response> =>
    fetch(`${inject("consulUrl")}/v1/agent/service/${path}`, {
      ...{ method: "PUT", body: JSON.stringify(body ?? {}) },
    });
  const place = { Address: hostname, Port: Number(port) };
  const answer = await put("register", {
    ...{ ID: id, Name: SERVICE, ...place, Meta: { name: id, url } },
  });
  expect(answer.status).toBe(200);
  onTestFinished(async () => {
    await put(`deregister/${id}`);
  });
}

async function found(ca: string | undefined, ...urls: readonly string[]) {
  const home = tempDir();
  const env = {
    ...{ CONSUL_HTTP_ADDR: inject("consulUrl"), CONFIGURATION_DIRECTORY: home },
    ...{ XDG_CONFIG_HOME: home, XDG_STATE_HOME: home, JOBRUNNER_API__LISTEN: "1" },
  };
  const options = { env, token: "correct-horse-battery", ca, say: () => undefined };
  const further = await furtherAddresses(options);
  const known = await clusterAgents([], options);
  const mine = (all: readonly { readonly url?: string }[]): readonly string[] =>
    all.flatMap(({ url }) => (url !== undefined && urls.includes(url) ? [url] : [])).sort();
  return [mine(further), mine(known)];
}

describe("agents that Consul names", () => {
  const [plain, secure] = ["http://127.0.0.1:9", "https://127.0.0.1:9"];

  it("are asked at https addresses only when there is an authority: the token goes there", async () => {
    await register(plain);
    await register(secure);

    const asked = await found("-----BEGIN CERTIFICATE-----", plain, secure);

    expect(asked).toEqual([[secure], [secure]]);
  });

  it("are asked wherever they are in a cluster without certificates", async () => {
    await register(plain);
    await register(secure);

    expect(await found(undefined, plain, secure)).toEqual([
      [plain, secure],
      [plain, secure],
    ]);
  });
});
