import { JobrunnerError } from "../../common/error.js";
import { nearest } from "../../common/text/nearest.js";
import type { AgentView } from "../../common/wire.js";
import type { Member, Membership } from "../../cluster/membership.js";
import type { Peer, PeerAnswer } from "./peer.js";

export interface RosterOptions {
  readonly membership: Membership;
  readonly peer: Peer;
  /** Of this agent, and of its machine. */
  readonly name: string;
  readonly machine: string;
}

/** How long agents are waited for whose names are not known, ms. */
const NAME_MS = 1_000;
/** Of one that registers no address. */
const ONLY_THERE = "its API listens on its own machine only";

/** The other agents, with the names of those that the settings name by their address. */
export class Roster {
  readonly #options: RosterOptions;
  /** URL -> the name that was answered there last; it stays when nobody answers any more. */
  readonly #names = new Map<string, string>();

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  /** Those named by an address that turned out to be this agent's, or another one's, are left out. */
  async others(): Promise<readonly Member[]> {
    const members = await this.#options.membership.members();
    const certain = members.filter(({ byAddress }) => byAddress === undefined);
    const names = new Set([this.#options.name, ...certain.map(({ name }) => name)]);
    const guessed = members
      .filter(({ byAddress }) => byAddress === true)
      .map((member) => ({ ...member, name: this.#names.get(member.url ?? "") ?? member.name }))
      .filter(({ name }) => !names.has(name));
    return [...certain.filter((member) => !this.#isSelf(member)), ...guessed];
  }

  /** Throws NOT_FOUND, and CONFLICT when several machines have the name. */
  async find(name: string): Promise<Member> {
    const known = await this.#named(name);
    const found =
      known.length > 0 ? known : await this.#askForNames().then(() => this.#named(name));
    const [member, ...more] = found;
    if (member === undefined) throw await this.#unknown(name);
    if (more.length > 0) throw ambiguous(name, found);
    return member;
  }

  /** What a member answers; UNREACHABLE when somebody else does. */
  async ask<T>(
    member: Member,
    request: { readonly method: "GET" | "POST"; readonly path: string; readonly limitMs: number },
  ): Promise<PeerAnswer<T>> {
    const { url, byAddress, name } = member;
    if (url === undefined) throw new JobrunnerError("UNREACHABLE", ONLY_THERE);
    // Who is meant by an address is whoever is there now; an order is for a name.
    const only = byAddress === true && request.method === "GET" ? undefined : name;
    const answer = await this.#options.peer.ask<T>({ ...request, url, only });
    if (byAddress === true) this.#names.set(url, answer.agent);
    return answer;
  }

  #isSelf({ name, machine }: Member): boolean {
    const { name: own, machine: here } = this.#options;
    return name === own && (machine === undefined || machine === here);
  }

  async #named(name: string): Promise<readonly Member[]> {
    const all = (await this.others()).filter((each) => each.name === name);
    const there = all.filter(({ state }) => state !== "gone");
    return there.length > 0 ? there : all.slice(0, 1);
  }

  async #askForNames(): Promise<void> {
    const unnamed = (await this.others()).filter(({ byAddress }) => byAddress === true);
    const request = { method: "GET", path: "/v1/agents/self", limitMs: NAME_MS } as const;
    await Promise.all(
      // Who does not answer keeps its address for a name.
      unnamed.map((member) => this.ask<AgentView>(member, request).catch(() => undefined)),
    );
  }

  async #unknown(name: string): Promise<JobrunnerError> {
    const names = [this.#options.name, ...(await this.others()).map((each) => each.name)];
    const meant = nearest(name, names);
    return new JobrunnerError("NOT_FOUND", `there is no agent "${name}"`, {
      hint: meant === undefined ? `There are ${names.join(", ")}.` : `Did you mean ${meant}?`,
    });
  }
}

function ambiguous(name: string, members: readonly Member[]): JobrunnerError {
  const machines = members.map(({ machine, url }) => url ?? machine ?? "?").join(" and ");
  return new JobrunnerError("CONFLICT", `several machines have an agent "${name}": ${machines}`, {
    hint: "Give one of them another name (agent.name), or ask it by its address: --via URL.",
  });
}
