import { describe, expect, it } from "vitest";
import { AGAIN_MS } from "../../agent/schedules/scheduler.js";
import { JobrunnerError } from "../../common/error.js";
import { MINUTE, openCluster } from "./cluster.js";

describe("what agents count of their schedules", () => {
  it("is each due time once, how late it was, and what became of it", async () => {
    const { clock, agent, make, counted } = await openCluster();
    await make("none");
    await clock.advance(10 * MINUTE + 30_000);
    agent().start();
    await clock.advance(0);
    agent({ chance: 0.5 }).start();
    await clock.advance(2 * MINUTE);

    expect(await counted("schedule_fires_total")).toEqual([
      'jobrunner_schedule_fires_total{schedule="tick",result="skipped"} 1',
      'jobrunner_schedule_fires_total{schedule="tick",result="posted"} 3',
    ]);
    expect(await counted("late_seconds_count")).toEqual([
      'jobrunner_schedule_late_seconds_count{schedule="tick"} 3',
    ]);
    expect(await counted("late_seconds_sum")).toEqual([
      'jobrunner_schedule_late_seconds_sum{schedule="tick"} 30',
    ]);
  });

  it("tells what was caught up from what was posted in time, and counts each failed try", async () => {
    const { clock, agent, make, counted } = await openCluster();
    await make("all");
    let broken = true;
    const refused = () => Promise.reject(new JobrunnerError("UNKNOWN_FLOW", "there is no flow"));
    await clock.advance(3 * MINUTE);
    agent({
      post:
        (post) =>
        (...given) =>
          broken ? refused() : post(...given),
    }).start();
    await clock.advance(AGAIN_MS);
    broken = false;
    await clock.advance(AGAIN_MS);

    expect(await counted("schedule_fires_total")).toEqual([
      'jobrunner_schedule_fires_total{schedule="tick",result="failed"} 2',
      'jobrunner_schedule_fires_total{schedule="tick",result="caught_up"} 2',
      'jobrunner_schedule_fires_total{schedule="tick",result="posted"} 1',
    ]);
  });
});
