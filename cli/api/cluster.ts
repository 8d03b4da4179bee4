import { JobrunnerError } from "../../common/error.js";
import type { AgentsView } from "../../common/wire.js";
import { type Address, isReached, type Known } from "./addresses.js";
import { exchange, NOBODY_LISTENS } from "./exchange.js";
import { type KnownBySettings, readSettings } from "./settings.js";

/** People wait for two rounds of it. An agent asks Consul for 1 s, then the others for 1.5 s. */
const ANSWER_MS = 2_800;
const CONSUL_MS = 2_000;
/** Of the agents that a registry knows so many are tried: people wait. */
const TRIED_MAX = 5;

export interface ClusterOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly token: string | undefined;
  readonly ca?: string | undefined;
  /** Tells the person which agent does not answer. */
  say(line: string): void;
}

/**
 * The agents of the cluster: from the first agent of this machine that answers, else from one that
 * this machine's settings name, else from Consul. Throws UNREACHABLE when none of them is there.
 */
export async function clusterAgents(
  local: readonly Address[],
  options: ClusterOptions,
): Promise<readonly Known[]> {
  const heard: Heard = { silent: new Set(), refused: [] };
  const here = await askFirst(local, options, heard);
  if (here !== undefined) return here;
  const settings = await readSettings(options.env);
  const over = new AbortController();
  const registering = askConsul(settings, { ...options, signal: over.signal });
  const there = await askFirst([...settings.listen, ...settings.peers], options, heard);
  if (there !== undefined) over.abort();
  const registered = await registering;
  if (there !== undefined) return there;
  for (const line of heard.refused) options.say(line);
  if (registered.length > 0) return registered;
  throw new JobrunnerError("UNREACHABLE", "no agent of the cluster could be found", {
    hint:
      "No agent of this machine answers, none of its settings' `peers`, and no Consul knows one " +
      "(`consul`, CONSUL_HTTP_ADDR); name one with --via ADDRESS.",
    retryable: true,
  });
}

/** What came of asking. */
interface Heard {
  /** URLs where nobody answers; one that refused may tell whoever has the settings' token. */
  readonly silent: Set<string>;
  /** Lines about those that refused. */
  readonly refused: string[];
}

/** Whom to ask when no agent of this machine answers at its usual places. */
export async function furtherAddresses(options: ClusterOptions): Promise<readonly Address[]> {
  const { env, say } = options;
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

/** All at once, each address once; of those that answer the first one is taken. */
async function askFirst(
  addresses: readonly Address[],
  options: ClusterOptions,
  { silent, refused }: Heard,
): Promise<readonly Known[] | undefined> {
  const over = new AbortController();
  const urls = addresses.map(({ url }) => url);
  const asked = addresses
    .filter(({ url }, index) => urls.indexOf(url) === index && !silent.has(url))
    .map((address) => ({ address, answer: askAgent(address, options, over.signal) }));
  try {
    for (const { address, answer } of asked) {
      const { label, url, assumed } = address;
      const { view, status, why } = await answer;
      if (view !== undefined) return view.items.filter(isUp).map((each) => toKnown(each, address));
      if (status !== undefined) refused.push(`agent ${label} answered with status ${status}`);
      if (why === undefined) continue;
      silent.add(url);
      const isNews = assumed !== true || why !== NOBODY_LISTENS;
      if (isNews) options.say(`agent ${label} does not answer (${why})`);
    }
    return undefined;
  } finally {
    over.abort();
  }
}

/** The agents that it knows, the status with which it refuses to tell, or why it does not answer. */
interface Told {
  readonly view?: AgentsView;
  readonly status?: number;
  readonly why?: string;
}

async function askAgent(
  address: Address,
  { token, ca }: ClusterOptions,
  signal: AbortSignal,
): Promise<Told> {
  try {
    const url = `${address.url}/v1/agents`;
    const trust = { token: token ?? address.token, ca };
    const request = { method: "GET", url, timeoutMs: ANSWER_MS, signal } as const;
    const { status, body } = await exchange({ ...request, ...trust });
    return status === 200 ? { view: body as AgentsView } : { status };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
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
  { env, ca, signal }: ClusterOptions & { readonly signal?: AbortSignal },
): Promise<readonly Known[]> {
  const { findMembers } = await import("../../cluster/consul/find.js");
  // None there: whoever asks says so.
  const members = await findMembers({
    ...{ registry: settings.registry, env, timeoutMs: CONSUL_MS },
    ...(signal === undefined ? {} : { signal }),
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
