import { expect, it } from "vitest";
import { toMember, TTL_MS } from "../../cluster/consul/instance.js";
import type { Check, Instance } from "../../consul/health.js";

const NOW = Date.UTC(2026, 0, 1);
const SAID = NOW - 240_000;

function check(id: string, status: string, output = ""): Check {
  return { id, status, output, notes: "" };
}

/** What the servers have of an agent whose text is four minutes old. */
function instance(status: string, more: readonly Check[] = []): Instance {
  const heartbeat = check("jobrunner-nas", status, `ready\nas of ${new Date(SAID).toISOString()}`);
  const at = { id: "jobrunner-nas", node: "nas", address: "10.0.0.5", port: 7463 };
  return { ...at, tags: [], meta: { name: "nas" }, checks: [heartbeat, ...more] };
}

it("an agent that beats was heard of within its limit, however old its text is at the servers", () => {
  expect(toMember(instance("passing"), NOW)).toMatchObject({
    state: "known",
    heardAt: NOW - TTL_MS,
  });
});

it("an agent that beats no more, or whose machine is away, was heard of when it said so", () => {
  const away = check("serfHealth", "critical");

  for (const gone of [instance("critical"), instance("passing", [away])]) {
    expect(toMember(gone, NOW)).toMatchObject({ state: "gone", heardAt: SAID });
  }
});
