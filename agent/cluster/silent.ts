import type { AgentView, LastKnownView } from "../../common/wire.js";
import type { Member } from "../../cluster/membership.js";

/** Why this agent tells of itself alone. */
export function othersUnknown(error: unknown): string {
  return `the others are not known: ${error instanceof Error ? error.message : String(error)}`;
}

const NOT_HEARD_OF = "no heartbeat, perhaps asleep";

/** What is known of an agent that could not be asked, or did not answer. */
export function silentView(member: Member, why: string): AgentView {
  const { name, url, machine, version } = member;
  return {
    ...{ name, tags: [], ...lastKnown(member) },
    ...(url === undefined ? {} : { url }),
    ...(machine === undefined ? {} : { machine }),
    ...(version === undefined ? {} : { version }),
    ...silenceOf(member, why),
  };
}

/** Why one does not answer, when the registry knows. */
export function knownSilence({ state }: Member): string | undefined {
  return state === "gone" ? NOT_HEARD_OF : undefined;
}

function silenceOf({ state, url }: Member, why: string): Pick<AgentView, "state" | "note"> {
  if (state === "asleep") return { state };
  if (state === "gone") return { state, note: NOT_HEARD_OF };
  if (url !== undefined) return { state: "unreachable", note: why };
  // It beats: that is all that is known of it elsewhere.
  return { state: state === "draining" ? "draining" : "ready", note: why };
}

export function lastKnown({ facts = {}, tags = [], heardAt, asleepSince }: Member): LastKnownView {
  return {
    ...{ facts, tags },
    ...(heardAt === undefined ? {} : { heardAt: new Date(heardAt).toISOString() }),
    ...(asleepSince === undefined ? {} : { asleepSince: new Date(asleepSince).toISOString() }),
  };
}
