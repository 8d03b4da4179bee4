import { JobrunnerError } from "../../common/error.js";
import { nearest } from "../../common/text/nearest.js";
import type { AgentsView, AgentView } from "../../common/wire.js";
import type { Member, Membership } from "../../cluster/membership.js";
import type { Peer } from "./peer.js";

/** What an agent can be told about its duty. */
export type DutyVerb = "drain" | "cordon" | "resume";

/** What every agent tells about all of them, and passes on to one of them. */
export interface Agents {
  /** This one. */
  self(): AgentView;
  /** All; those that do not answer at once are shown as the registry knows them. */
  list(): Promise<AgentsView>;
  /** Throws NOT_FOUND. */
  get(name: string): Promise<AgentView>;
  /** What the others answer at this path, in the order of their names. */
  others<T>(path: string): Promise<readonly OthersAnswer<T>[]>;
  /** Passed on to that agent when it is another one. Throws NOT_FOUND or UNREACHABLE. */
  tell(name: string, verb: DutyVerb): Promise<AgentView>;
}

/** `silent`: why it did not answer. */
export type OthersAnswer<T> =
  | { readonly agent: string; readonly said: T }
  | { readonly agent: string; readonly silent: string };

export interface AgentsOptions {
  readonly membership: Membership;
  readonly peer: Peer;
  self(): AgentView;
  obey(verb: DutyVerb): void;
}

/** How long agents are waited for that are asked about themselves, ms. */
const ANSWER_MS = 1_500;

export function createAgents({ membership, peer, self, obey }: AgentsOptions): Agents {
  const others = async (): Promise<readonly Member[]> =>
    (await membership.members()).filter(({ name }) => name !== self().name);
  const find = async (name: string): Promise<Member> => {
    const members = await others();
    const member = members.find((each) => each.name === name);
    if (member !== undefined) return member;
    throw unknownAgent(name, [self().name, ...members.map((each) => each.name)]);
  };
  const ask = async (member: Member): Promise<AgentView> => {
    try {
      return await peer.get<AgentView>(member.url, "/v1/agents/self", ANSWER_MS);
    } catch (error) {
      return silent(member, error);
    }
  };
  const list = async (): Promise<AgentsView> => {
    const own = self();
    const asked = await Promise.all((await others()).map(ask));
    // A peer that the settings name by its address may be this very agent.
    const items = [own, ...asked.filter(({ name }) => name !== own.name)];
    return { items: items.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  };
  return {
    self,
    list,
    others: async <T>(path: string) =>
      Promise.all(
        (await others()).map(async ({ name, url, state }): Promise<OthersAnswer<T>> => {
          if (state === "gone") return { agent: name, silent: "not heard of, perhaps asleep" };
          try {
            return { agent: name, said: await peer.get<T>(url, path, ANSWER_MS) };
          } catch (error) {
            return { agent: name, silent: error instanceof Error ? error.message : String(error) };
          }
        }),
      ),
    async get(name) {
      return name === self().name || name === "self" ? self() : ask(await find(name));
    },
    async tell(name, verb) {
      if (name !== self().name && name !== "self") {
        const { url } = await find(name);
        return peer.post<AgentView>(url, `/v1/agents/self/${verb}`, ANSWER_MS);
      }
      obey(verb);
      return self();
    },
  };
}

/** What is known of an agent that does not answer. */
function silent(member: Member, error: unknown): AgentView {
  const { state, ...known } = member;
  const why = error instanceof Error ? error.message : String(error);
  return {
    ...{ tags: [], facts: {}, ...known },
    state: state === "gone" ? "gone" : "unreachable",
    note: state === "gone" ? "not heard of" : why,
  };
}

function unknownAgent(name: string, names: readonly string[]): JobrunnerError {
  const meant = nearest(name, names);
  return new JobrunnerError("NOT_FOUND", `there is no agent "${name}"`, {
    hint: meant === undefined ? `There are ${names.join(", ")}.` : `Did you mean ${meant}?`,
  });
}
