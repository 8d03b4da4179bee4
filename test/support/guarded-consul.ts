import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { until } from "../../scripts/lab/until.js";
import { startConsul } from "./own-servers.js";
import { tempDir } from "./temp.js";

/** The policy that a page of docs/ prints, word for word. */
export function printedPolicy(page: string): string {
  const text = readFileSync(join(import.meta.dirname, "..", "..", "docs", page), "utf8");
  const [, policy = ""] = /```hcl\n([^]*?)```/.exec(text) ?? [];
  return policy;
}

interface Guarded {
  /** Of its API, as in settings. */
  readonly url: string;
  /** Makes a token with this policy and no other right. */
  token(rules: string): Promise<string>;
}

/** A Consul that allows nothing to those without a token. */
export async function guarded(): Promise<Guarded> {
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
  return { url: `consul://127.0.0.1:${String(consul.port)}`, token };
}
