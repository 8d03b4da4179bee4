import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { createPeer } from "../../../agent/cluster/peer.js";
import { AGENT_HEADER } from "../../../common/agent-header.js";

it("asks with the token in force, not with the one of its start", async () => {
  const shown: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    shown.push(request.headers.authorization);
    response.setHeader(AGENT_HEADER, "beta").end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let token = "a".repeat(20);
  const peer = createPeer(() => ({ token }));
  const ask = () =>
    peer.ask({ method: "GET", url, path: "/v1/agents/self", only: "beta", limitMs: 5_000 });

  await ask();
  token = "b".repeat(20);
  await ask();

  expect(shown).toEqual([`Bearer ${"a".repeat(20)}`, `Bearer ${"b".repeat(20)}`]);
});

it("shows its token to nobody in clear where agents speak https", async () => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.setHeader(AGENT_HEADER, "beta").end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const request = { method: "GET", url, path: "/", only: undefined, limitMs: 5_000 } as const;

  for (const trust of [{ secure: true }, { ca: "an authority" }]) {
    const peer = createPeer(() => ({ token: "a".repeat(20), ...trust }));
    await expect(peer.ask(request)).rejects.toMatchObject({ code: "UNREACHABLE" });
  }
  expect(asked).toBe(0);
});
