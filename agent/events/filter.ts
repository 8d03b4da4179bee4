import { JobrunnerError } from "../../common/error.js";
import { nearest } from "../../common/text/nearest.js";
import { EVENT_TYPES, type EventView } from "../../common/wire/events.js";

/** Which events a reader wants; undefined: all of them. */
export type Filter = (event: EventView) => boolean;

export interface Wanted {
  /** Full id of a job. */
  readonly job?: string | undefined;
  readonly flow?: string | undefined;
  /** Types with commas between; `job.*` stands for all that begin so. */
  readonly types?: string | undefined;
}

/** Throws USAGE for a type that there is not. */
export function toFilter({ job, flow, types }: Wanted): Filter | undefined {
  if (job === undefined && flow === undefined && types === undefined) return undefined;
  const wanted = types === undefined ? undefined : new Set(types.split(",").flatMap(toTypes));
  return (event) =>
    (job === undefined || event.job === job) &&
    (flow === undefined || event.flow === flow) &&
    (wanted === undefined || wanted.has(event.type));
}

function toTypes(text: string): readonly string[] {
  const group = text.endsWith(".*") ? text.slice(0, -1) : undefined;
  const found = EVENT_TYPES.filter((type) =>
    group === undefined ? type === text : type.startsWith(group),
  );
  if (found.length > 0) return found;
  const meant = nearest(text, EVENT_TYPES);
  throw new JobrunnerError("USAGE", `there is no event type "${text}"`, {
    hint:
      meant === undefined
        ? "Types are such as job.state, atom.state or agent.*: see docs/events.md."
        : `Did you mean ${meant}?`,
    cause: [{ pointer: "/types", detail: "names a type that there is not" }],
  });
}
