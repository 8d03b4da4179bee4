import type { JobState } from "../../common/job.js";
import type { HookSetting } from "../../config/config.js";
import type { HookCall } from "../../persistence/persistence.js";
import { hashJson } from "../flow-hash.js";

/** Which hooks are to hear of what; for whoever writes that a job is over. */
export interface HookBook {
  /** Calls to be written with that state of a job of that flow, in the name of that ownership. */
  callsOf(owner: string, flow: string, state: JobState): readonly HookCall[];
  /** To be called once such calls are durable. */
  wake(): void;
}

/** A book that is there by the time it is asked. */
export function bookOf(find: () => HookBook): HookBook {
  return {
    callsOf: (owner, flow, state) => find().callsOf(owner, flow, state),
    wake: () => {
      find().wake();
    },
  };
}

/** A hook of the settings, with its name in persistence. */
export interface NamedHook extends HookSetting {
  readonly name: string;
}

/** Named by what it does, so that agents with the same settings make each other's calls. */
export function named(settings: readonly HookSetting[]): readonly NamedHook[] {
  return settings.map((hook) => ({ ...hook, name: hashJson(actOf(hook)) }));
}

/** The secret is none of its name, and may change. */
function actOf({ act }: HookSetting): unknown {
  return "url" in act ? { url: act.url } : act;
}

/** One ownership writes one such state at most, so its name tells the calls apart. */
export function callsFor(
  hooks: readonly NamedHook[],
  {
    owner,
    flow,
    state,
  }: { readonly owner: string; readonly flow: string; readonly state: JobState },
): readonly HookCall[] {
  const heard = hooks.filter(
    ({ on, flows }) =>
      on.some((each) => each === state) && (flows === undefined || flows.includes(flow)),
  );
  const names = [...new Set(heard.map(({ name }) => name))];
  return names.map((hook) => ({ id: `${owner}:${hook}`, hook }));
}
