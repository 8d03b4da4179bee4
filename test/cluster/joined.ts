import { randomUUID } from "node:crypto";
import { inject, onTestFinished } from "vitest";
import { ConsulMembership } from "../../cluster/consul/membership.js";
import type { Member, Self } from "../../cluster/membership.js";
import { resolveConsulUrl } from "../../consul/address.js";
import { until } from "../../scripts/lab/until.js";

/** An agent as its membership in Consul sees it. */
export interface Joined {
  readonly membership: ConsulMembership;
  readonly self: Self;
  /** What it was told by somebody in Consul. */
  readonly said: readonly (string | undefined)[];
  told(reason: string | undefined): void;
  /** Resolves with what Consul has of it as soon as that fits. */
  seen(fits: (member: Member) => boolean, by?: ConsulMembership): Promise<Member>;
}

/** In the Consul of all tests, under a name of its own. */
export async function join(
  options: Partial<ConstructorParameters<typeof ConsulMembership>[0]> = {},
  { url = inject("consulUrl"), name: given }: { url?: string; name?: string } = {},
): Promise<Joined> {
  const { address } = await resolveConsulUrl(url.replace("http", "consul"), [], {});
  const { beatMs = 200 } = options;
  const rest = { beatMs, ttlMs: 4 * beatMs, onTrouble: () => undefined, ...options };
  const membership = new ConsulMembership({ address, ...rest });
  onTestFinished(() => membership[Symbol.asyncDispose]());
  const name = given ?? `agent-${randomUUID().slice(0, 8)}`;
  const said: (string | undefined)[] = [];
  const at = { machine: "m", version: "1.2.3", url: "http://10.0.0.5:7463" };
  const self = { name, ...at, tags: ["x86_64"], facts: { memory_total: "24GiB" }, note: "ready" };
  const look = async (fits: (member: Member) => boolean, by: ConsulMembership) => {
    const members = await by.members().catch(() => []); // Down for now.
    return members.find((member) => member.name === name && fits(member));
  };
  const seen = (fits: (member: Member) => boolean, by = membership): Promise<Member> =>
    until(() => look(fits, by), { withinMs: 15_000, what: name });
  const told = (reason: string | undefined): void => void said.push(reason);
  return { membership, self, said, told, seen };
}
