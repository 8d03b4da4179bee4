import { resolveConsulUrl } from "../../consul/address.js";
import { ConsulClient } from "../../consul/client.js";
import { listInstances } from "../../consul/health.js";
import type { Member } from "../membership.js";
import { toMember } from "./instance.js";
import { SERVICE } from "./membership.js";

export interface Find {
  /** URL for resolveConsulUrl; without one Consul's usual variables say where. */
  readonly registry?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Agents as Consul's catalog has them, for who is no agent. */
export async function findMembers(find: Find): Promise<readonly Member[]> {
  const { registry, env, timeoutMs, signal } = find;
  const { address } = await resolveConsulUrl(registry ?? usual(env), [], env);
  using client = new ConsulClient(address, timeoutMs);
  const { body = [] } = await listInstances(
    client,
    SERVICE,
    signal === undefined ? {} : { signal },
  );
  const now = Date.now();
  return body.map((instance) => toMember(instance, now));
}

function usual(env: Find["env"]): string {
  const given = env["CONSUL_HTTP_ADDR"] || "127.0.0.1:8500";
  const secure = given.startsWith("https://");
  return `consul${secure ? "+https" : ""}://${given.replace(/^https?:\/\//, "")}`;
}
