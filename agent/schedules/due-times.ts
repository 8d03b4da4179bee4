import { Cron } from "croner";
import { JobrunnerError } from "../../common/error.js";

/** When something comes due: a pattern, in the time of a zone. */
export interface Timing {
  readonly cron: string;
  readonly tz: string;
}

/** Instants, ms since 1970. */
export interface DueTimes {
  /** The first one after this moment; undefined when there is none any more. */
  after(moment: number): number | undefined;
  /** At most so many of those before this moment, the oldest first. */
  before(moment: number, count: number): readonly number[];
}

/** Five fields; seconds and years are left out on purpose, and so are single dates. */
const PATTERN = /^(?:@[a-z]+|[\dA-Za-z*,/#+-]+(?: +[\dA-Za-z*,/#+-]+){4})$/;

/**
 * The due times of a pattern. Where clocks are set forward, a time that is left out comes due at
 * the first moment behind the gap; where they are set back, one that is there twice comes due once.
 * That goes for patterns whose hour and minute are told; "*", or "*" in steps, goes by what has
 * passed. Throws USAGE for what is no pattern, or no zone of this machine.
 */
export function dueTimes({ cron, tz }: Timing): DueTimes {
  checkZone(tz);
  const times = parse(cron, tz);
  return {
    after: (moment) => times.nextRun(new Date(moment))?.getTime(),
    before: (moment, count) =>
      times
        .previousRuns(count, new Date(moment))
        .map((time) => time.getTime())
        .reverse(),
  };
}

/** The same for one that people hand in: it must come due at all. */
export function checkTiming(timing: Timing, now: number): number {
  const first = dueTimes(timing).after(now);
  if (first !== undefined) return first;
  throw wrong("/cron", `"${timing.cron}" never comes due`, "There is no such day.");
}

function parse(cron: string, timezone: string): Cron {
  const hint = 'Write it as five fields, "minute hour day month weekday": 0 3 * * 1-5; or @daily.';
  if (!PATTERN.test(cron)) throw wrong("/cron", `"${cron}" is not a cron pattern`, hint);
  try {
    // With lists and ranges of hours as with single ones: a day without 2:30 has its job all the
    // same, as Vixie cron does it.
    return new Cron(cron, { timezone, mode: "5-part", fixedTimeRule: "no-wildcard" });
  } catch (error) {
    // The field alone: the value that is told counts months from 0.
    const [, field] = /Invalid value for (\w+)/.exec(String(error)) ?? [];
    const why = field === undefined ? "" : `: there is no such ${field}`;
    throw wrong("/cron", `"${cron}" is not a cron pattern${why}`, hint);
  }
}

function checkZone(tz: string): void {
  try {
    if (/^[A-Z]/i.test(tz)) return void new Intl.DateTimeFormat("en", { timeZone: tz });
  } catch {
    // Told below, with what is no name at all.
  }
  const hint = "Write it as Europe/Amsterdam, America/New_York or UTC.";
  throw wrong("/tz", `"${tz}" is no time zone that this machine knows`, hint);
}

function wrong(pointer: string, detail: string, hint: string): JobrunnerError {
  return new JobrunnerError("USAGE", detail, { hint, cause: [{ pointer, detail }] });
}
