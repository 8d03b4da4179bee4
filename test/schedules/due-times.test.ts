import { describe, expect, it } from "vitest";
import { checkTiming, dueTimes } from "../../agent/schedules/due-times.js";
import { createRandom } from "../property/random.js";

const AMSTERDAM = "Europe/Amsterdam";

/** Pattern, zone, from when, and what comes due next; clocks change on 28 March and 31 October. */
const TABLE: readonly (readonly [
  what: string,
  cron: string,
  tz: string,
  from: string,
  due: readonly string[],
])[] = [
  [
    "a time of every day keeps its place on the clock in summer and winter",
    ...(["0 3 * * *", AMSTERDAM, "2027-03-26T12:00Z"] as const),
    ["2027-03-27T02:00Z", "2027-03-28T01:00Z", "2027-03-29T01:00Z"],
  ],
  [
    "a time that a gap leaves out comes due right behind the gap",
    ...(["30 2 * * *", AMSTERDAM, "2027-03-27T00:00Z"] as const),
    ["2027-03-27T01:30Z", "2027-03-28T01:00Z", "2027-03-29T00:30Z"],
  ],
  [
    "two times in one gap come due together, once",
    ...(["15,45 2 * * *", AMSTERDAM, "2027-03-27T12:00Z"] as const),
    ["2027-03-28T01:00Z", "2027-03-29T00:15Z", "2027-03-29T00:45Z"],
  ],
  [
    "a time that is there twice comes due once",
    ...(["30 2 * * *", AMSTERDAM, "2027-10-30T00:00Z"] as const),
    ["2027-10-30T00:30Z", "2027-10-31T00:30Z", "2027-11-01T01:30Z"],
  ],
  [
    "every half hour goes on through the hour that is there twice",
    ...(["*/30 * * * *", AMSTERDAM, "2027-10-31T00:00Z"] as const),
    ["2027-10-31T00:30Z", "2027-10-31T01:00Z", "2027-10-31T01:30Z", "2027-10-31T02:00Z"],
  ],
  [
    "every half hour goes on over the gap",
    ...(["*/30 * * * *", AMSTERDAM, "2027-03-28T00:10Z"] as const),
    ["2027-03-28T00:30Z", "2027-03-28T01:00Z", "2027-03-28T01:30Z"],
  ],
  [
    "a zone whose clocks change at midnight has its day all the same",
    ...(["0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00Z"] as const),
    ["2018-11-04T03:00Z", "2018-11-05T02:00Z"],
  ],
  [
    "a zone whose clocks change by half an hour",
    ...(["15 2 * * *", "Australia/Lord_Howe", "2027-10-01T20:00Z"] as const),
    ["2027-10-02T15:30Z", "2027-10-03T15:15Z"],
  ],
  ["UTC knows no summer", "0 3 * * *", "UTC", "2027-03-27T12:00Z", ["2027-03-28T03:00Z"]],
  ["days of the week", "0 9 * * 1-5", "UTC", "2027-01-01T10:00Z", ["2027-01-04T09:00Z"]],
  ["a leap day", "0 0 29 2 *", "UTC", "2027-01-01T00:00Z", ["2028-02-29T00:00Z"]],
  ["the last day of a month", "0 0 L * *", "UTC", "2027-02-01T00:00Z", ["2027-02-28T00:00Z"]],
  ["a name", "@daily", AMSTERDAM, "2027-07-01T00:00Z", ["2027-07-01T22:00Z"]],
];

describe("due times", () => {
  it.each(TABLE)("%s", (_, ...row) => {
    const [cron, tz, from, due] = row;
    const times = dueTimes({ cron, tz });
    const found: string[] = [];
    for (let at = Date.parse(from); found.length < due.length;) {
      at = times.after(at) ?? Number.NaN;
      found.push(new Date(at).toISOString().replace(":00.000Z", "Z"));
    }

    expect(found).toEqual(due);
  });

  it("are behind a moment, and before it, to the millisecond", () => {
    const times = dueTimes({ cron: "* * * * *", tz: "UTC" });
    const at = Date.parse("2027-01-01T00:00:00Z");
    const minute = 60_000;

    expect([at - 1, at, at + 1].map((moment) => times.after(moment))).toEqual([
      at,
      at + minute,
      at + minute,
    ]);
    expect([at - 1, at, at + 1].map((moment) => times.before(moment, 1))).toEqual([
      [at - minute],
      [at - minute],
      [at],
    ]);
    expect(times.before(at, 3)).toEqual([at - 3 * minute, at - 2 * minute, at - minute]);
  });

  it("are the same forwards and backwards, whatever the pattern and the zone", () => {
    const seed = Date.now() % 2 ** 32;
    const random = createRandom(seed);
    for (let run = 0; run < 150; run += 1) {
      const [cron, tz] = [pattern(random), random.pick(ZONES)];
      const times = dueTimes({ cron, tz });
      const from = Date.UTC(2027, random.whole(0, 11), random.whole(1, 28), random.whole(0, 23));
      const forwards = [times.after(from) ?? 0];
      for (let n = 1; n < 40; n += 1) forwards.push(times.after(forwards[n - 1] ?? 0) ?? 0);

      const backwards = times.before((forwards[39] ?? 0) + 1, 40);
      expect(backwards, `seed ${seed}, run ${run}: ${cron} in ${tz}`).toEqual(forwards);
    }
  });
});

/** Where clocks change by an hour, by half of one, twice in a year of Ramadan, at midnight, never. */
const ZONES = [
  ...["UTC", AMSTERDAM, "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"],
  ...["America/Santiago", "Asia/Kathmandu"],
] as unknown as readonly [string, ...string[]];

function pattern(random: ReturnType<typeof createRandom>): string {
  const minute = random.pick(["*", "*/7", "0", "30", "15,45", "5-10"]);
  const hour = random.pick(["*", "*/2", "0", "1", "2", "2,3", "1-4", "23"]);
  return `${minute} ${hour} * * ${random.pick(["*", "*", "0", "1-5"])}`;
}

describe("checkTiming", () => {
  const NOW = Date.parse("2027-01-01T00:00:00Z");

  it.each([
    ["61 * * * *", "UTC", /not a cron pattern: there is no such minute$/],
    ["0 0 * 13 *", "UTC", /not a cron pattern: there is no such month$/],
    ["0 0 * * mon-xyz", "UTC", /not a cron pattern$/],
    ["* * * *", "UTC", /not a cron pattern/],
    ["0 0 3 * * *", "UTC", /not a cron pattern/],
    ["", "UTC", /not a cron pattern/],
    ["2027-01-01T00:00:00Z", "UTC", /not a cron pattern/],
    ["@every 5m", "UTC", /not a cron pattern/],
    ["@sometimes", "UTC", /not a cron pattern/],
    ["? * * * *", "UTC", /not a cron pattern/],
    ["0 0 30 2 *", "UTC", /never comes due/],
    ["0 3 * * *", "Europe/Amsterdm", /no time zone that this machine knows/],
    ["0 3 * * *", "+02:00", /no time zone/],
    ["0 3 * * *", "", /no time zone/],
  ])("refuses %j in %j, and says what to write", (cron, tz, message) => {
    const refused = expect.objectContaining({
      ...{ code: "USAGE", message: expect.stringMatching(message) as string },
      hint: expect.stringMatching(/./) as string,
    }) as Error;

    expect(() => checkTiming({ cron, tz }, NOW)).toThrow(refused);
  });

  it("tells the first due time", () => {
    expect(checkTiming({ cron: "@hourly", tz: "UTC" }, NOW)).toBe(NOW + 3_600_000);
  });
});
