import { JobrunnerError } from "../../../common/error.js";
import { parseDuration } from "../../../common/text/duration.js";
import type { ControlsRequest, ControlsView } from "../../../common/wire/flow-control.js";
import type { Concurrency, Controls, Persistence } from "../../../persistence/persistence.js";
import { toInstant } from "../options.js";

export interface ControlsOptions {
  readonly persistence: Pick<Persistence, "now">;
  /** When the job becomes due, ms since 1970; undefined: at once. */
  readonly runAt: number | undefined;
  /** From when a deadline counts instead: the due time of a schedule, which is over by now. */
  readonly dueAt?: number | undefined;
  /** What its flow says of the job's parameters. */
  readonly declared: Concurrency | undefined;
}

/** What a posting says of what holds its job back. Throws USAGE naming the field. */
export async function controlsOf(
  { uniqueKey, startBy, concurrency: given }: ControlsRequest,
  options: ControlsOptions,
): Promise<Controls> {
  const { declared } = options;
  if (given !== undefined && declared !== undefined) throw twoConcurrencies(declared);
  const concurrency = given ?? declared;
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(uniqueKey !== undefined && { uniqueKey }),
    ...(startBy !== undefined && { startBy: await deadlineOf(startBy, options) }),
  };
}

/** P-36: a duration counts from the database's now, or from the moment at which the job is due. */
async function deadlineOf(
  text: string,
  { persistence, runAt = 0, dueAt }: ControlsOptions,
): Promise<number> {
  const now = await persistence.now();
  const from = Math.max(now, runAt);
  const ms = parseDuration(text);
  if (ms === undefined && !DATE.test(text)) throw wrong("is neither a time nor a duration");
  const startBy = ms === undefined ? toInstant(text, "/startBy") : (dueAt ?? from) + ms;
  if (startBy > from) return startBy;
  throw wrong(startBy > now ? "is before the job is due" : "is over already");
}

/** How a time begins that is one everywhere. */
const DATE = /^\d{4}-\d{2}-\d{2}T/;

function wrong(why: string): JobrunnerError {
  return new JobrunnerError("USAGE", `startBy ${why}`, {
    hint: "Write until when the job may start, as 2027-01-31T18:00:00Z, or how long after it is due: 10m.",
    cause: [{ pointer: "/startBy", detail: why }],
  });
}

/** Its author knows what the flow must not overrun. */
function twoConcurrencies({ key, limit }: Concurrency): JobrunnerError {
  return new JobrunnerError("USAGE", "the flow says itself how many of its jobs run at once", {
    hint: `Leave concurrency out: it is ${limit} of ${key}.`,
    cause: [{ pointer: "/concurrency", detail: "is declared by the flow" }],
  });
}

export function toControlsView({ uniqueKey, startBy, concurrency }: Controls): ControlsView {
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(uniqueKey !== undefined && { uniqueKey }),
    ...(startBy !== undefined && { startBy: new Date(startBy).toISOString() }),
  };
}

/**
 * What a retry takes over of the job that it is like: what holds every job of its kind back, with
 * what the flow says of the retry's own parameters.
 */
export function inherited(
  { uniqueKey, concurrency: before }: Controls,
  declared: Concurrency | undefined,
): Controls {
  const concurrency = declared ?? before;
  return {
    ...(uniqueKey !== undefined && { uniqueKey }),
    ...(concurrency !== undefined && { concurrency }),
  };
}
