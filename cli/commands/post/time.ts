import { JobrunnerError } from "../../../common/error.js";
import { parseDuration } from "../../../common/text/duration.js";
import type { PostRequest } from "../../../common/wire.js";

/** When a job is due: the instant as it is, a length of time for the database to add to its own. */
export function timeOf({
  at,
  delay,
}: {
  readonly at?: string;
  readonly delay?: string;
}): Pick<PostRequest, "runAt" | "delay"> {
  if (at !== undefined && delay !== undefined) {
    throw new JobrunnerError("USAGE", "--at and --delay are two times for one job", {
      hint: "Give one of them.",
    });
  }
  if (at === undefined) return delay === undefined ? {} : { delay };
  if (at.startsWith("+") && parseDuration(at.slice(1)) !== undefined) return { delay: at.slice(1) };
  const instant = Date.parse(at);
  if (!Number.isNaN(instant)) return { runAt: new Date(instant).toISOString() };
  throw new JobrunnerError("USAGE", `--at: "${at}" is not a time`, {
    hint: "Write it as 2027-01-31T18:00:00Z, or as +10m from now.",
  });
}

/** How long, or until when, a job may wait for its start; `+10m` is the same as `10m`. */
export function startByOf(text: string): string {
  const length = text.replace(/^\+/, "");
  if (parseDuration(length) !== undefined) return length;
  const instant = Date.parse(text);
  if (!Number.isNaN(instant)) return new Date(instant).toISOString();
  throw new JobrunnerError("USAGE", `--start-by: "${text}" is neither a duration nor a time`, {
    hint: "Write it as 10m, from when it is due, or as 2027-01-31T18:00:00Z.",
  });
}
