import { describe, expect, it } from "vitest";
import type { JobView } from "../../common/wire.js";
import type { ScheduleDetailView } from "../../common/wire/schedules.js";
import { openPersistence } from "../../persistence/open.js";
import { type CommandResult, runCommand } from "../../scripts/lab/command.js";
import { until } from "../../scripts/lab/until.js";
import { openSqlite } from "../../sqlite/open.js";
import { closing } from "../contracts/sqlite.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

/* Schedules as people type them, and as agents that are killed fire them. */

const MINUTE = 60_000;
/** What was missed: below the number that is caught up with, whatever time the test takes. */
const MISSED = 80;
const NAMES = ["alpha", "beta", "gamma"];
/** Jobs from one kill to the next. */
const KILL_EVERY = 9;

const REFUSED: readonly (readonly [words: readonly string[], text: string])[] = [
  [["schedule", "add", "x", "--cron", "61 * * * *", "hello"], "there is no such minute"],
  [["schedule", "add", "x", "--cron", "@daily", "--tz", "Mars/Base", "hello"], "no time zone"],
  [["schedule", "add", "x", "--cron", "@daily", "hello", "--fail-at", "y"], "--fail-at"],
  [["schedule", "add", "x", "--cron", "@daily", "hullo"], "did you mean hello?"],
  [["schedule", "add", "X", "--cron", "@daily", "hello"], '"X" is not a name for a schedule'],
  [["schedule", "add", "x", "hello"], "--cron must be given"],
  [["schedule", "add", "x"], "of which flow?"],
  [["post", "hello", "--every", "@daily", "--wait"], "has no --wait"],
  [["post", "hello", "--at", "+1m", "--delay", "1m"], "--at and --delay are two times"],
  [["post", "hello", "--delay", "soon"], '--delay: "soon" is not valid'],
];

describe("schedules on the command line", { timeout: 60_000 }, () => {
  it("are made, listed, shown, paused, resumed and deleted", async () => {
    const { jobrunner } = await withAgent();
    const add = ["schedule", "add", "nightly", "--cron", "0 3 * * *", "--tz", "Europe/Amsterdam"];
    const flags = ["--catch-up", "all", "hello", "--name", "you", "--priority", "5"];

    const made = await jobrunner(...add, ...flags, "-o", "json");
    const again = await jobrunner(...add, ...flags);
    const other = await jobrunner(...add, "hello");
    const paused = await jobrunner("schedule", "pause", "nightly", "nobody");
    const listed = await jobrunner("schedule", "list");
    const wide = await jobrunner("schedule", "list", "-o", "wide");
    const yaml = await jobrunner("schedule", "show", "nightly", "-o", "yaml");
    const resumed = await jobrunner("schedule", "resume", "nightly", "-o", "jsonl");
    const shown = await jobrunner("schedule", "show", "nightly", "-o", "json");
    const deleted = await jobrunner("schedule", "delete", "nightly", "-o", "name");
    const gone = await jobrunner("schedule", "show", "nightly");

    const all = [made, again, other, paused, listed, resumed, shown, deleted, gone];
    expect(all.map(({ code }) => code)).toEqual([0, 0, 6, 3, 0, 0, 0, 0, 3]);
    expect(JSON.parse(made.stdout)).toMatchObject({
      ...{ cron: "0 3 * * *", tz: "Europe/Amsterdam", catchUp: "all", paused: false },
      job: { flow: "hello", params: { name: "you" }, priority: 5 },
    });
    expect(again.stderr).toContain("there is this very schedule nightly already");
    expect(other.stderr).toContain("there is another schedule nightly");
    expect(paused.stderr).toContain("there is no schedule nobody");
    const fields = ["nightly", "hello", "0 3 * * *", "Europe/Amsterdam", "all", "paused"];
    expect(listed.stdout).toBe(`${[...fields, "-", "-", "-"].join("\t")}\n`);
    expect(wide.stdout).toBe(`${[...fields, "-", "-", "-", "alpha", "-"].join("\t")}\n`);
    expect(yaml.stdout).toMatch(/^---\nname: nightly\n/);
    expect(JSON.parse(shown.stdout)).toEqual(JSON.parse(resumed.stdout));
    expect(deleted.stdout).toBe("nightly\n");
  });

  it("are refused with what to do about it", async () => {
    const { jobrunner } = await withAgent();
    for (const [words, text] of REFUSED) {
      const { code, stderr } = await jobrunner(...words);

      expect(code, words.join(" ")).toBe(2);
      expect(stderr).toContain(text);
      expect(stderr).toContain("hint:");
    }
  });

  it("are made of a posting, too, and a posting may be for later", async () => {
    const { jobrunner } = await withAgent();

    const every = await jobrunner(
      "post",
      "hello",
      "--every",
      "@daily",
      "--job-name",
      "My greeting",
    );
    const delayed = await jobrunner("post", "hello", "--delay", "90m", "-o", "json");
    const later = await jobrunner("post", "hello", "--at", "+90m", "-o", "json");

    expect(every.stdout.split("\t").slice(0, 3)).toEqual(["my-greeting", "hello", "@daily"]);
    for (const { stdout } of [delayed, later]) {
      const { runAt = "", postedAt, state } = JSON.parse(stdout) as JobView;
      expect(state).toBe("SCHEDULED");
      expect(Math.abs(Date.parse(runAt) - Date.parse(postedAt) - 90 * MINUTE)).toBeLessThan(5_000);
    }
  });
});

describe("agents that are killed again and again", { timeout: 120_000 }, () => {
  it("post exactly one job for each due time, all of which run to their end", async () => {
    const dir = tempDir();
    const file = `${dir}/jobs.db`;
    const start = () =>
      Promise.all(NAMES.map((name) => agentInTest({ dir, name, args: ["--lease", "2s"] })));
    const maker = await agentInTest({ dir, name: "maker" });
    const id = await paused(maker.url);
    await maker.stop();
    const persistence = closing(await openPersistence(`sqlite:${file}`));
    const { schedules } = persistence;
    // As if no agent had been up for so long.
    const first = Math.floor(Date.now() / MINUTE) * MINUTE - (MISSED - 1) * MINUTE;
    const posted = async (): Promise<number> =>
      (await persistence.jobs({ flow: "hello" }, 500)).jobs.length;

    await schedules.resume(id, first);
    let agents = await start();
    for (let kills = 1; kills * KILL_EVERY < MISSED; kills += 1) {
      await until(async () => (await posted()) >= kills * KILL_EVERY, {
        withinMs: 60_000,
        everyMs: 1,
      });
      const [victim, ...others] = agents;
      victim?.signal("SIGKILL");
      await victim?.exited;
      // Once the last one is gone nobody fires.
      if (others.length === 0) expect(await posted()).toBeLessThan(MISSED);
      agents = others.length === 0 ? await start() : others;
    }
    const row = await until(
      async () => {
        const found = await schedules.get("tick");
        return found?.dueAt !== undefined && found.dueAt > Date.now() ? found : undefined;
      },
      { withinMs: 60_000, what: "the schedule to have caught up" },
    );

    const { database } = closing(await openSqlite(file));
    const keys = await database.read((sql) => sql.all("SELECT key, job FROM post_keys"));
    const due = keys.map((key) => Number(String(key["key"]).split(":")[2])).sort((a, b) => a - b);
    const last = row.last?.dueAt ?? 0;
    const expected = Array.from(
      { length: (last - first) / MINUTE + 1 },
      (_, n) => first + n * MINUTE,
    );
    expect(due.filter((time) => time <= last)).toEqual(expected);
    expect(new Set(keys.map((key) => key["job"])).size).toBe(keys.length);
    expect(row.skipped).toBeUndefined();
    await until(
      async () => {
        const { jobs } = await persistence.jobs({ flow: "hello" }, 500);
        return jobs.length >= expected.length && jobs.every(({ state }) => state === "SUCCESS");
      },
      { withinMs: 60_000, what: "all jobs to have ended" },
    );
  });
});

/** A schedule of every minute that nobody fires yet. */
async function paused(url: string): Promise<string> {
  const jobrunner = (...words: readonly string[]) => runCommand(words, { JOBRUNNER_ADDR: url });
  const add = [
    "schedule",
    "add",
    "tick",
    "--cron",
    "* * * * *",
    "--tz",
    "UTC",
    "--catch-up",
    "all",
  ];
  await jobrunner(...add, "hello");
  const { stdout } = await jobrunner("schedule", "pause", "tick", "-o", "json");
  return (JSON.parse(stdout) as ScheduleDetailView).id;
}

async function withAgent() {
  const agent = await agentInTest({ dir: tempDir(), name: "alpha" });
  const jobrunner = (...words: readonly string[]): Promise<CommandResult> =>
    runCommand(words, { JOBRUNNER_ADDR: agent.url, NO_COLOR: "1" });
  return { jobrunner };
}
