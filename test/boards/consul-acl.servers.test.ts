import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { ConsulServer } from "../../scripts/lab/servers/consul.js";
import { until } from "../../scripts/lab/until.js";
import { put } from "../contracts/board/subject.js";
import { startConsul } from "../support/own-servers.js";
import { tempDir } from "../support/temp.js";
import { openBoardAt } from "./consul-subject.js";

const PAGE = join(import.meta.dirname, "..", "..", "docs", "consul.md");

/** The policy that the page prints, word for word. */
function printedPolicy(): string {
  const [, policy = ""] = /```hcl\n([^]*?)```/.exec(readFileSync(PAGE, "utf8")) ?? [];
  return policy;
}

interface Guarded {
  readonly consul: ConsulServer;
  /** Makes a token with this policy and no other right. */
  token(rules: string): Promise<string>;
}

/** A Consul that allows nothing to those without a token. */
async function guarded(): Promise<Guarded> {
  const root = randomUUID();
  const acl = {
    enabled: true,
    default_policy: "deny",
    tokens: { master: root, agent: root },
  };
  const consul = await startConsul(tempDir(), { config: { acl } });
  onTestFinished(() => consul.server.kill());
  const ask = async (
    path: string,
    body: object,
  ): Promise<{ AccessorID: string; SecretID: string }> => {
    const answer = await fetch(`${consul.url}/v1/acl/${path}`, {
      method: "PUT",
      headers: { "x-consul-token": root },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${String(answer.status)} ${await answer.text()}`);
    return (await answer.json()) as { AccessorID: string; SecretID: string };
  };
  const token = async (rules: string): Promise<string> => {
    const name = `policy-${randomUUID()}`;
    // The ACL system takes a moment to come up after the leader has.
    await until(() => ask("policy", { Name: name, Rules: rules }), { withinMs: 20_000 });
    return (await ask("token", { Policies: [{ Name: name }] })).SecretID;
  };
  return { consul, token };
}

it("a board works under the policy of docs/consul.md, and a right less is told at once", async () => {
  const { consul, token } = await guarded();
  const url = `consul://127.0.0.1:${String(consul.port)}`;
  const policy = printedPolicy();
  const rules = policy.match(/\w+ "[^"]*" \{[^}]*\}/g) ?? [];
  expect(rules).toHaveLength(3);

  const env = { CONSUL_HTTP_TOKEN: await token(policy) };
  const [board, other] = [await openBoardAt(url, { env }), await openBoardAt(url, { env })];
  const [first, second] = [await put(board), await put(board)];
  await board.identity();
  expect((await other.survey()).signatures).toHaveLength(1);
  expect(await other.claim(first, "b.1")).toBe("claimed");
  expect(await board.claim(first, "a.1")).toBe("taken");
  expect(await other.renew(new Map([[first, "b.1"]]))).toEqual(new Map([[first, "ok"]]));
  expect(await board.held("b")).toEqual(new Map([[first, "b.1"]]));
  await other.consume(first, "b.1");
  expect(await board.claim(second, "a.2")).toBe("claimed");
  await other[Symbol.asyncDispose]();
  await board.abandon(second, "a.2");
  expect(await board.exists([first, second])).toEqual(new Set([second]));

  for (const missing of rules) {
    const less = { CONSUL_HTTP_TOKEN: await token(policy.replace(missing, "")) };
    await expect(openBoardAt(url, { env: less }), missing).rejects.toMatchObject({
      code: "BOARD_DOWN",
      retryable: false,
      hint: expect.stringContaining("docs/consul.md") as string,
    });
  }
  await expect(openBoardAt(url), "no token").rejects.toMatchObject({ retryable: false });
});
