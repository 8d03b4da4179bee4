import { JobrunnerError } from "../../common/error.js";
import { nearest } from "../../common/text/nearest.js";
import type { Clock } from "../../common/clock.js";
import type { Clause } from "../../common/job.js";
import type { AgentsView, AgentView, AgentWhyView, LastKnownView } from "../../common/wire.js";
import type { SnapshotView } from "../../common/wire/facts.js";
import type { Member, Membership } from "../../cluster/membership.js";
import { ifAwake, type Sleeper } from "./if-awake.js";
import type { Peer } from "./peer.js";

/** What an agent can be told about its duty. */
export type DutyVerb = "drain" | "cordon" | "resume";

/** What every agent tells about all of them, and passes on to one of them. */
export interface Agents {
  /** Of this one. */
  readonly name: string;
  /** This one. */
  self(): Promise<AgentView>;
  /** All; those that do not answer at once are shown as the registry knows them. */
  list(): Promise<AgentsView>;
  /** Throws NOT_FOUND. */
  get(name: string): Promise<AgentView>;
  /** The same with the snapshot of its facts, when it answers. */
  whole(name: string): Promise<AgentView>;
  /** Whether one that sleeps would fit, by what was known of it last. */
  ifAwake(sleeper: Sleeper, clauses: readonly Clause[]): Promise<AgentWhyView>;
  /** What the others answer at this path, in the order of their names. */
  others<T>(path: string): Promise<readonly OthersAnswer<T>[]>;
  /** Passed on to that agent when it is another one. Throws NOT_FOUND or UNREACHABLE. */
  tell(name: string, verb: DutyVerb): Promise<AgentView>;
}

/** `silent`: why it did not answer; `last`: what the registry knows of it. */
export type OthersAnswer<T> =
  | { readonly agent: string; readonly said: T }
  | { readonly agent: string; readonly silent: string; readonly last: LastKnownView };

export interface AgentsOptions {
  readonly membership: Membership;
  readonly peer: Peer;
  readonly clock: Clock;
  /** Of this agent. */
  readonly name: string;
  self(): Promise<AgentView>;
  snapshot(): Promise<SnapshotView>;
  obey(verb: DutyVerb): void;
}

/** How long agents are waited for that are asked about themselves, ms. */
const ANSWER_MS = 1_500;
const NOT_HEARD_OF = "no heartbeat, perhaps asleep";

export function createAgents(options: AgentsOptions): Agents {
  return new KnownAgents(options);
}

class KnownAgents implements Agents {
  readonly #options: AgentsOptions;

  constructor(options: AgentsOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  self(): Promise<AgentView> {
    return this.#options.self();
  }

  async list(): Promise<AgentsView> {
    const own = await this.self();
    try {
      const asked = await Promise.all((await this.#others()).map((member) => this.#ask(member)));
      // A peer that the settings name by its address may be this very agent.
      const items = [own, ...asked.filter(({ name }) => name !== own.name)];
      return { items: items.sort((a, b) => (a.name < b.name ? -1 : 1)) };
    } catch (error) {
      // One of them is better than none: it takes jobs for all.
      return { items: [{ ...own, note: `the others are not known: ${reasonOf(error)}` }] };
    }
  }

  async get(name: string): Promise<AgentView> {
    return this.#isSelf(name) ? this.self() : this.#ask(await this.#find(name));
  }

  async whole(name: string): Promise<AgentView> {
    if (!this.#isSelf(name)) return this.#ask(await this.#find(name), "/v1/agents/self");
    return { ...(await this.self()), snapshot: await this.#options.snapshot() };
  }

  async others<T>(path: string): Promise<readonly OthersAnswer<T>[]> {
    return Promise.all(
      (await this.#others()).map(async (member): Promise<OthersAnswer<T>> => {
        const { name: agent, url, state } = member;
        const last = lastOf(member);
        if (state === "gone") return { agent, silent: NOT_HEARD_OF, last };
        try {
          return { agent, said: await this.#options.peer.get<T>(url, path, ANSWER_MS) };
        } catch (error) {
          return { agent, silent: reasonOf(error), last };
        }
      }),
    );
  }

  ifAwake(sleeper: Sleeper, clauses: readonly Clause[]): Promise<AgentWhyView> {
    return ifAwake(sleeper, clauses, this.#options.clock);
  }

  async tell(name: string, verb: DutyVerb): Promise<AgentView> {
    const { peer, obey } = this.#options;
    if (!this.#isSelf(name)) {
      const { url } = await this.#find(name);
      return peer.post<AgentView>(url, `/v1/agents/self/${verb}`, ANSWER_MS);
    }
    obey(verb);
    return this.self();
  }

  #isSelf(name: string): boolean {
    return name === this.name || name === "self";
  }

  async #others(): Promise<readonly Member[]> {
    const members = await this.#options.membership.members();
    return members.filter(({ name }) => name !== this.name);
  }

  async #find(name: string): Promise<Member> {
    const members = await this.#others();
    const member = members.find((each) => each.name === name);
    if (member !== undefined) return member;
    throw unknownAgent(name, [this.name, ...members.map((each) => each.name)]);
  }

  async #ask(member: Member, path = "/v1/agents/self?brief=true"): Promise<AgentView> {
    try {
      return await this.#options.peer.get<AgentView>(member.url, path, ANSWER_MS);
    } catch (error) {
      return silent(member, error);
    }
  }
}

/** What is known of an agent that does not answer. */
function silent(member: Member, error: unknown): AgentView {
  const { name, url, state, machine, version } = member;
  return {
    ...{ name, url, tags: [], ...lastOf(member) },
    ...(machine === undefined ? {} : { machine }),
    ...(version === undefined ? {} : { version }),
    ...silenceOf(state, error),
  };
}

function silenceOf(state: Member["state"], error: unknown): Pick<AgentView, "state" | "note"> {
  if (state === "asleep") return { state };
  if (state === "gone") return { state, note: NOT_HEARD_OF };
  return { state: "unreachable", note: reasonOf(error) };
}

function lastOf({ facts = {}, tags = [], heardAt, asleepSince }: Member): LastKnownView {
  return {
    ...{ facts, tags },
    ...(heardAt === undefined ? {} : { heardAt: new Date(heardAt).toISOString() }),
    ...(asleepSince === undefined ? {} : { asleepSince: new Date(asleepSince).toISOString() }),
  };
}

function unknownAgent(name: string, names: readonly string[]): JobrunnerError {
  const meant = nearest(name, names);
  return new JobrunnerError("NOT_FOUND", `there is no agent "${name}"`, {
    hint: meant === undefined ? `There are ${names.join(", ")}.` : `Did you mean ${meant}?`,
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
