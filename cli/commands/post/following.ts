import { setTimeout as sleep } from "node:timers/promises";
import type { JobView } from "../../../common/wire.js";
import type { Client } from "../../api/client.js";
import { interruption, type Terminal } from "../../terminal.js";
import { jobPath } from "../../api/job-path.js";
import { printData } from "../../print.js";
import { renderJob } from "../../screen/job/job.js";
import { renderJobLine, shortId } from "../../screen/job-list.js";
import { badEndText, detachedText, type Followed, followJob, viaText } from "../follow.js";
import { eachPage, followLines, type Print } from "../logs/logs.js";
import type { PostingFlags } from "./command.js";

/** An owner stores the last lines of a job after its state, within a second: ms. */
const LATE_MS = 1_200;

export interface Posted {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly flags: PostingFlags;
}

export function postedText({ id, flow, postedVia }: JobView): string {
  return `posted  ${id}  ${flow}  via ${postedVia}`;
}

/** `post --wait`: its tree while it runs, then the job. Returns the exit code. */
export async function follow(posted: Posted, job: JobView): Promise<number> {
  const { client, terminal, flags } = posted;
  using interrupted = interruption();
  terminal.hint(postedText(job));
  const { signal } = interrupted;
  const { timeout: timeoutMs, quiet } = flags;
  const followed = await followJob({ client, terminal, signal, timeoutMs, quiet }, job.id);
  if (followed.end === "job") {
    const ended = followed.job;
    await printData(terminal, flags.output, {
      view: ended,
      names: [ended.id],
      table: (style) => {
        if (quiet === true) return ended.id;
        return (style.tty ? renderJob : renderJobLine)(style, ended, Date.now());
      },
    });
  }
  return tellEnd(posted, job, followed);
}

/** `post --follow`: what its tasks write, while it runs. Returns the exit code. */
export async function followLogs(posted: Posted, job: JobView, print: Print): Promise<number> {
  const { client, terminal, flags } = posted;
  using interrupted = interruption();
  terminal.hint(postedText(job));
  const stop = new AbortController();
  const signal = AbortSignal.any([interrupted.signal, stop.signal]);
  let cursor: string | undefined;
  const take: Print = (items) => {
    print(items);
    cursor = items.at(-1)?.id ?? cursor;
  };
  const followed = async (): Promise<Followed> => {
    const options = { client, terminal, signal, timeoutMs: flags.timeout, quiet: true };
    const ended = await followJob(options, job.id);
    if (isOver(ended)) return ended;
    if (ended.end === "job") await sleep(LATE_MS, undefined, { signal }).catch(() => undefined);
    stop.abort();
    return ended;
  };
  const path = `${jobPath(job.id)}/logs`;
  try {
    const [ended] = await Promise.all([
      followed(),
      linesUntil(signal, () =>
        followLines(`${path}?follow=true`, { client, terminal, signal, print: take }),
      ),
    ]);
    if (!isOver(ended) && !interrupted.signal.aborted) {
      await eachPage(client, path, { cursor }, print);
    }
    return tellEnd(posted, job, ended);
  } finally {
    stop.abort(); // When one of them failed, the other is not waited for.
  }
}

/** The lines of a job that is over have an end; one that is suspended may write more one day. */
function isOver(followed: Followed): boolean {
  return followed.end === "job" && followed.job.state !== "SUSPENDED";
}

async function linesUntil(signal: AbortSignal, lines: () => Promise<void>): Promise<void> {
  try {
    await lines();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function tellEnd({ terminal, flags }: Posted, { id }: JobView, followed: Followed): number {
  if (followed.end !== "job") {
    terminal.hint(detachedText(followed.end, [id], flags.via));
    return followed.code;
  }
  const bad = badEndText(followed.job);
  if (bad !== undefined) {
    terminal.say(`error: ${bad}\nhint:  jobrunner show ${shortId(id)}${viaText(flags.via)}`);
  }
  return followed.code;
}
