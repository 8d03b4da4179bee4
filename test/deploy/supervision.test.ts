import { expect, it, onTestFinished } from "vitest";
import { pulseOf } from "../../agent/health.js";
import { type Message, takeNotifySettings } from "../../cli/agent/systemd/notifier.js";
import { Supervision } from "../../cli/agent/systemd/supervision.js";
import { FakeClock } from "../support/fake-clock.js";

const WATCHDOG_MS = 60_000;

it("feeds the watchdog three times in its time, and not while claims are not renewed", async () => {
  const { clock, supervision, feeds, stand } = open();
  await supervision.ready();

  await clock.advance(WATCHDOG_MS);
  const fed = feeds();
  stand(true);
  await clock.advance(WATCHDOG_MS * 2);
  const standing = feeds();
  stand(false);
  await clock.advance(WATCHDOG_MS);

  expect(fed).toBe(4);
  expect(standing).toBe(fed);
  expect(feeds()).toBe(fed + 3);
});

it("feeds it on while jobs are handed over, and says what goes on", async () => {
  const { clock, supervision, feeds, said } = open();
  await supervision.ready();

  await supervision.leaving();
  const before = feeds();
  await clock.advance(WATCHDOG_MS);
  await supervision.over();

  expect(feeds()).toBe(before + 3);
  expect(said[0]).toEqual({ ready: true, status: "ready, 1 of 4 slots in use" });
  expect(said).toContainEqual({ stopping: true, status: "hands its jobs over" });
});

it("says only that it is ready where nobody waits for signs of life", async () => {
  const { clock, supervision, said } = open("nobody waits");

  await supervision.ready();
  await clock.advance(WATCHDOG_MS);

  expect(said).toHaveLength(1);
});

it("tells why an agent takes no jobs", () => {
  const doing = { state: "paused", note: "only when on_mains", slots: 2, jobs: [] } as const;

  expect(pulseOf(true, doing).note).toBe("only when on_mains, 0 of 2 slots in use");
});

it("takes what systemd says out of the environment, and only what is meant for this process", () => {
  const env = { NOTIFY_SOCKET: "/run/notify", WATCHDOG_USEC: "60000000", WATCHDOG_PID: "1" };
  const mine = { ...env, WATCHDOG_PID: String(process.pid) };

  expect(takeNotifySettings(env)).toEqual({ socket: "/run/notify" });
  expect(takeNotifySettings(mine)).toEqual({ socket: "/run/notify", watchdogMs: 60_000 });
  expect(env).toEqual({});
  expect(takeNotifySettings({})).toBeUndefined();
});

function open(waits?: "nobody waits") {
  const clock = new FakeClock();
  const watchdogMs = waits === undefined ? WATCHDOG_MS : undefined;
  const said: Message[] = [];
  let standing = false;
  const supervision = new Supervision({
    ...{ clock, watchdogMs },
    notify: (message) => {
      said.push(message);
      return Promise.resolve();
    },
    pulse: () => pulseOf(!standing, { state: "ready", slots: 4, jobs: ["a"] }),
  });
  onTestFinished(() => supervision.over());
  const feeds = (): number => said.filter(({ watchdog }) => watchdog).length;
  return { clock, supervision, said, feeds, stand: (on: boolean) => void (standing = on) };
}
