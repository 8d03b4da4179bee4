import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Address, findAddresses, type Known } from "../../cli/api/addresses.js";
import { clusterAgents } from "../../cli/api/cluster.js";
import { memberOf, startNode } from "../agent/cluster/node.js";
import { tempDir } from "../support/temp.js";

/** Nobody is registered, in no Consul. */
function nobody(): Readonly<Record<string, string>> {
  const home = tempDir();
  return {
    ...{ XDG_CONFIG_HOME: home, XDG_STATE_HOME: home, CONFIGURATION_DIRECTORY: home },
    CONSUL_HTTP_ADDR: "127.0.0.1:9",
  };
}

/** An agent that hangs; how often it was asked. */
async function startHanging(): Promise<{ readonly at: Address; readonly asked: () => number }> {
  let asked = 0;
  const server = createServer(() => (asked += 1));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const label = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return { at: { url: `http://${label}`, label }, asked: () => asked };
}

describe("the agents of the cluster", () => {
  it("are told by a peer within 6 s although those of this machine hang, each asked once", async () => {
    const [one, two] = [await startHanging(), await startHanging()];
    const peer = await startNode({ name: "nas", members: () => [memberOf("nas")] });
    const said: string[] = [];
    const env = {
      ...{ ...nobody(), JOBRUNNER_API__LISTEN: two.at.label },
      JOBRUNNER_PEERS: `[${one.at.url}, ${peer.url}, ${peer.url}]`,
    };
    const begun = performance.now();

    const found = await clusterAgents([one.at, two.at, one.at], {
      ...{ env, token: undefined },
      say: (line) => void said.push(line),
    });

    expect(found).toEqual([{ label: "nas", url: peer.url }]);
    expect(performance.now() - begun).toBeLessThan(6_000);
    expect([one.asked(), two.asked()]).toEqual([1, 1]);
    expect(said).toEqual(
      [one, two].map(({ at }) => `agent ${at.label} does not answer (no answer in 2.8 s)`),
    );
  });

  it("are told by an agent that wants the token of this machine's settings", async () => {
    const said: string[] = [];
    const asked: (string | undefined)[] = [];
    const server = createServer(({ headers }, response) => {
      asked.push(headers.authorization);
      const items = [{ name: "nas", state: "ready", url: "http://nas:1" }];
      if (headers.authorization === undefined) response.writeHead(401).end("{}");
      else response.end(JSON.stringify({ items }));
    });
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const label = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const token = "correct-horse-battery";
    const env = { ...nobody(), JOBRUNNER_API__LISTEN: label, JOBRUNNER_API__TOKEN: token };

    const found = await clusterAgents([{ url: `http://${label}`, label }], {
      ...{ env, token: undefined },
      say: (line) => void said.push(line),
    });

    expect(found).toEqual([{ label: "nas", url: "http://nas:1", token }]);
    expect([asked, said]).toEqual([[undefined, `Bearer ${token}`], []]);
  });

  it("are looked for once, however many are named", async () => {
    let looked = 0;
    const cluster = (): Promise<readonly Known[]> => {
      looked += 1;
      return Promise.resolve(["a", "b"].map((label) => ({ label, url: `http://${label}:1` })));
    };

    const found = await findAddresses({ via: "a,b", env: nobody() }, cluster);

    expect([found.map(({ label }) => label), looked]).toEqual([["a", "b"], 1]);
  });

  it("say what to do when they cannot be found, and nothing of where nobody was expected", async () => {
    const said: string[] = [];
    const at = (port: number): Address => ({ url: `http://127.0.0.1:${port}`, label: "x" });
    const options = {
      ...{ env: { ...nobody(), JOBRUNNER_API__LISTEN: "0" }, token: undefined },
      say: (line: string) => void said.push(line),
    };

    await expect(
      clusterAgents([{ ...at(9), assumed: true }, at(7)], options),
    ).rejects.toMatchObject({
      code: "UNREACHABLE",
      hint: expect.stringContaining("--via ADDRESS"),
    });
    expect(said).toEqual(["agent x does not answer (nothing listens there)"]);
  });
});
