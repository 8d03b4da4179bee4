import type { ScheduleDetailView } from "../../common/wire/schedules.js";

/* Schedules as agents tell of them, on 1 March 2027, 18:42:07. */

const NIGHTLY: ScheduleDetailView = {
  name: "nightly-backup",
  id: "0199f2c0-0000-7000-8000-0000000000aa",
  flow: "backup",
  cron: "0 3 * * *",
  tz: "Europe/Amsterdam",
  catchUp: "one",
  paused: false,
  dueAt: "2027-03-02T02:00:00.000Z",
  lastDueAt: "2027-03-01T02:00:00.000Z",
  lastJob: "0199f2c0-1111-7000-8000-0000000000ab",
  madeAt: "2027-01-10T12:00:00.000Z",
  madeVia: "nas-1",
  job: { flow: "backup", params: { target: "/srv" } },
};

/** It has missed a lot, and its flow is gone. */
export const LATE: ScheduleDetailView = {
  ...NIGHTLY,
  name: "quarterly",
  flow: "a_flow_with_a_rather_long_name",
  cron: "*/15 8-18 * * mon-fri",
  tz: "America/Argentina/ComodRivadavia",
  catchUp: "all",
  dueAt: "2027-03-01T18:30:00.000Z",
  skipped: { from: "2027-02-20T11:00:00.000Z", to: "2027-02-26T16:15:00.000Z" },
  trouble: "no agent that is up has flow a_flow_with_a_rather_long_name",
  job: {
    flow: "a_flow_with_a_rather_long_name",
    params: { root: "/srv/www", title: "the title of the site, which is a long one, as some are" },
    name: "every quarter of an hour",
    priority: -5,
    require: ["has_gpu", "has_tag(room)"],
  },
};

/** It never posted, and somebody wrote what a terminal would obey. */
export const PAUSED: ScheduleDetailView = {
  ...withoutTimes(NIGHTLY),
  name: "paused",
  catchUp: "none",
  paused: true,
  job: { flow: "backup", params: { text: "a\u001b[2Jb" } },
};

export const SCHEDULES = [NIGHTLY, PAUSED, LATE];

function withoutTimes({
  dueAt: _dueAt,
  lastDueAt: _lastDueAt,
  lastJob: _lastJob,
  ...rest
}: ScheduleDetailView): ScheduleDetailView {
  return rest;
}
