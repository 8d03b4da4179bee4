import { JobrunnerError } from "../../common/error.js";
import type { AgentsView } from "../../common/wire.js";
import type { Address } from "./addresses.js";
import { exchange } from "./exchange.js";

/** An agent asks the others before it answers; it waits 1.5 s for them. */
const ANSWER_MS = 4_000;
const CONSUL_MS = 2_000;

export interface ClusterOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly token: string | undefined;
  readonly ca?: string | undefined;
}

/**
 * The agents of the cluster that may be asked: from the first agent of this machine that answers,
 * else from Consul. Throws UNREACHABLE when neither is there.
 */
export async function clusterAddresses(
  local: readonly Address[],
  options: ClusterOptions,
): Promise<readonly Address[]> {
  for (const { url } of local) {
    const view = await askAgent(url, options);
    if (view !== undefined) return view.items.filter(isUp).map(toAddress);
  }
  const registered = await askConsul(options.env).catch(() => []); // None here: said below.
  if (registered.length > 0) return registered;
  throw new JobrunnerError("UNREACHABLE", "no agent of the cluster could be found", {
    hint:
      "No agent of this machine answers, and no Consul knows one at CONSUL_HTTP_ADDR; name one " +
      "with --via ADDRESS.",
    retryable: true,
  });
}

async function askAgent(
  url: string,
  { token, ca }: ClusterOptions,
): Promise<AgentsView | undefined> {
  try {
    const request = {
      method: "GET",
      url: `${url}/v1/agents`,
      timeoutMs: ANSWER_MS,
      ...{ token, ca },
    } as const;
    const { status, body } = await exchange(request);
    return status === 200 ? (body as AgentsView) : undefined;
  } catch {
    return undefined; // Down or cut off: the next one is asked.
  }
}

function isUp({ state }: AgentsView["items"][number]): boolean {
  return state !== "gone" && state !== "unreachable" && state !== "asleep";
}

function toAddress({ name, url }: AgentsView["items"][number]): Address {
  return { url, label: name };
}

/** Loaded only when no agent answers here: most commands never need it. */
async function askConsul(env: ClusterOptions["env"]): Promise<readonly Address[]> {
  const { findMembers } = await import("../../cluster/consul/find.js");
  const members = await findMembers(env, CONSUL_MS);
  return members
    .filter(({ state }) => state !== "gone" && state !== "asleep")
    .map(({ name, url }) => ({ url, label: name }));
}
