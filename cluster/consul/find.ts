import { resolveConsulUrl } from "../../consul/address.js";
import { ConsulClient } from "../../consul/client.js";
import { listInstances } from "../../consul/health.js";
import type { Member } from "../membership.js";
import { toMember } from "./instance.js";
import { SERVICE } from "./membership.js";

/** Agents as Consul's catalog has them, for who is no agent: Consul's usual variables say where. */
export async function findMembers(
  env: Readonly<Record<string, string | undefined>>,
  timeoutMs: number,
): Promise<readonly Member[]> {
  const given = env["CONSUL_HTTP_ADDR"] ?? "127.0.0.1:8500";
  const secure = given.startsWith("https://");
  const where = `consul${secure ? "+https" : ""}://${given.replace(/^https?:\/\//, "")}`;
  const { address } = await resolveConsulUrl(where, [], env);
  using client = new ConsulClient(address, timeoutMs);
  const { body = [] } = await listInstances(client, SERVICE);
  return body.map(toMember);
}
