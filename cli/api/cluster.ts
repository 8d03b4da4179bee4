import { JobrunnerError } from "../../common/error.js";
import type { AgentsView } from "../../common/wire.js";
import { type Address, isReached, type Known } from "./addresses.js";
import { exchange } from "./exchange.js";
import { type KnownBySettings, readSettings } from "./settings.js";

/** An agent asks the others before it answers; it waits 1.5 s for them. */
const ANSWER_MS = 4_000;
const CONSUL_MS = 2_000;
/** Of the agents that a registry knows so many are tried: people wait. */
const TRIED_MAX = 5;

export interface ClusterOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly token: string | undefined;
  readonly ca?: string | undefined;
}

/**
 * The agents of the cluster: from the first agent of this machine that answers, else from one that
 * this machine's settings name, else from Consul. Throws UNREACHABLE when none of them is there.
 */
export async function clusterAgents(
  local: readonly Address[],
  options: ClusterOptions,
): Promise<readonly Known[]> {
  const here = await askFirst(local, options);
  if (here !== undefined) return here;
  const settings = await readSettings(options.env);
  const there = await askFirst([...settings.listen, ...settings.peers], options);
  if (there !== undefined) return there;
  const registered = await askConsul(settings, options);
  if (registered.length > 0) return registered;
  throw new JobrunnerError("UNREACHABLE", "no agent of the cluster could be found", {
    hint:
      "No agent of this machine answers, none of its settings' `peers`, and no Consul knows one " +
      "(`consul`, CONSUL_HTTP_ADDR); name one with --via ADDRESS.",
    retryable: true,
  });
}

/** Whom to ask when no agent of this machine answers at its usual places. */
export async function furtherAddresses(
  options: ClusterOptions,
  say: (line: string) => void,
): Promise<readonly Address[]> {
  const { env } = options;
  const settings = await readSettings(env);
  if (settings.problem !== undefined) say(`settings cannot be read: ${settings.problem}`);
  const registered = (await askConsul(settings, options))
    .filter(isReached)
    .map((address) => ({ address, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ address }) => address)
    .slice(0, TRIED_MAX);
  return [...settings.listen, ...registered, ...settings.peers];
}

async function askFirst(
  addresses: readonly Address[],
  options: ClusterOptions,
): Promise<readonly Known[] | undefined> {
  for (const address of addresses) {
    const view = await askAgent(address, options);
    if (view !== undefined) return view.items.filter(isUp).map((agent) => toKnown(agent, address));
  }
  return undefined;
}

async function askAgent(
  address: Address,
  { token, ca }: ClusterOptions,
): Promise<AgentsView | undefined> {
  try {
    const url = `${address.url}/v1/agents`;
    const given = token ?? address.token;
    const request = { method: "GET", url, timeoutMs: ANSWER_MS, token: given, ca } as const;
    const { status, body } = await exchange(request);
    return status === 200 ? (body as AgentsView) : undefined;
  } catch {
    return undefined; // Down or cut off: the next one is asked.
  }
}

function isUp({ state }: AgentsView["items"][number]): boolean {
  return state !== "gone" && state !== "unreachable" && state !== "asleep";
}

/** `token`: what the settings say that it wants. */
function toKnown(
  { name, url }: { readonly name: string; readonly url?: string },
  { token }: { readonly token?: string },
): Known {
  return {
    ...{ label: name, ...(url === undefined ? {} : { url }) },
    ...(token === undefined ? {} : { token }),
  };
}

/** Loaded only when no agent answers here: most commands never need it. */
async function askConsul(
  settings: KnownBySettings,
  { env, ca }: ClusterOptions,
): Promise<readonly Known[]> {
  const { findMembers } = await import("../../cluster/consul/find.js");
  // None there: whoever asks says so.
  const members = await findMembers({
    registry: settings.registry,
    env,
    timeoutMs: CONSUL_MS,
  }).catch(() => []);
  return members
    .filter(({ state }) => state !== "gone" && state !== "asleep")
    .map((member) => toKnown(member, settings))
    .map((known) => (ca === undefined && settings.secure === undefined ? known : safely(known)));
}

/** Whoever writes to the catalog chooses the address: a token goes there over https only. */
function safely({ url, ...known }: Known): Known {
  return url?.startsWith("https:") === true ? { ...known, url } : known;
}
