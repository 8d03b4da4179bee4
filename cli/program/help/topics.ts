import type { JobView } from "../../../common/wire.js";
import { EXIT } from "../../exit.js";

/* Pages of `jobrunner help TOPIC`. */

const CODES: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "done; of a job that was waited for: SUCCESS; run --once: nothing more to do",
  internal: "a defect of jobrunner; doctor, flow check, flow test: something is wrong",
  usage: "a bad flag, an unknown flow, a refused parameter",
  notFound: "there is no such job, agent or schedule",
  unauthorised: "the token is missing, wrong, expired or good for less",
  unavailable:
    "no agent can be reached, or board or database (run --once: or runners) cannot be used; capability test: nobody says yes, and some cannot tell",
  conflict:
    "a key in use for something else, or the job's state or the cluster's board excludes it",
  reverted: "the job failed, and everything that ran was reverted",
  failed: "the job failed and something could not be reverted: a person is needed",
  cancelled: "the job was cancelled",
  impossible: "why: no agent can run the job now; capability test: it is so nowhere",
  suspended: "the job is suspended, by somebody or parked with a reason",
  timeout: "--timeout is over; the job goes on",
  interrupted: "Ctrl-C; the job goes on",
};

const STATES: Readonly<Record<JobView["state"], string>> = {
  SCHEDULED: "its time has not come",
  WAITING: "nobody works on it; why tells the reason",
  RUNNING: "an agent works on it",
  REVERTING: "an agent undoes what ran",
  SUSPENDED: "held by somebody, or parked with a reason; resume lets it go on",
  SUCCESS: "over: all done",
  REVERTED: "over: it failed, and everything that ran was undone",
  FAILURE: "over: not everything could be undone; a person is needed",
  CANCELLED: "over: somebody ended it",
};

export const TOPICS: Readonly<Record<string, string>> = {
  "exit-codes": page(
    "What commands end with:",
    Object.entries(EXIT).map(([name, code]) => [String(code), CODES[name as keyof typeof EXIT]]),
  ),
  states: page("States of a job:", Object.entries(STATES)),
};

function page(title: string, lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([term]) => term.length));
  return [title, ...lines.map(([term, text]) => `  ${term.padEnd(width)}  ${text}`)].join("\n");
}
