import { expect, inject, it } from "vitest";
import { Lease } from "../../boards/consul/lease.js";
import { sessionLives } from "../../consul/session.js";
import { Proxy } from "../../scripts/lab/proxy.js";
import { until } from "../../scripts/lab/until.js";
import { clientOf, freshPrefix } from "./consul-subject.js";

const LEASE_MS = 8_000;

it("a session is renewed before a claim counts on it, once it is older than a fifth of a lease (P-6)", async () => {
  await using proxy = await Proxy.start(Number(new URL(inject("consulUrl")).port));
  const client = clientOf(`http://127.0.0.1:${String(proxy.port)}`);
  const options = { kind: "check", leaseMs: LEASE_MS, name: freshPrefix() } as const;
  await using lease = await Lease.open(client, options);
  const openedAt = performance.now();
  const before = proxy.requests;

  await lease.fresh();
  expect(proxy.requests).toBe(before);

  // The next regular beat comes after a half. An owner trusts a claim for four fifths of a lease
  // from the moment it asks: a session this old would end before that.
  const older = (): boolean => performance.now() - openedAt > LEASE_MS * 0.21;
  await until(older, { withinMs: LEASE_MS, everyMs: 5 });
  await Promise.all([lease.fresh(), lease.fresh()]);

  expect(proxy.requests).toBe(before + 1);
});

it("a beat without answer is made good before the session ends", async () => {
  await using proxy = await Proxy.start(Number(new URL(inject("consulUrl")).port));
  const client = clientOf(`http://127.0.0.1:${String(proxy.port)}`);
  const leaseMs = 3_000;
  const options = { kind: "check", leaseMs, name: freshPrefix() } as const;
  await using lease = await Lease.open(client, options);
  const beats = async (count: number): Promise<number> => {
    await until(() => proxy.requests >= count, { withinMs: leaseMs, everyMs: 5 });
    return performance.now();
  };

  const [before, session] = [proxy.requests, lease.id];
  proxy.answers = "swallow";
  const lost = await beats(before + 1);
  const next = await beats(before + 2);
  proxy.answers = "pass";

  // Half a lease is left after the one that was lost.
  expect(next - lost).toBeLessThan(leaseMs * 0.45);
  await lease.fresh();
  expect([lease.id, await sessionLives(client, session ?? "")]).toEqual([session, true]);
});
