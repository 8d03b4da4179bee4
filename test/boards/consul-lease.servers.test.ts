import { expect, inject, it } from "vitest";
import { Lease } from "../../boards/consul/lease.js";
import { sessionLives } from "../../consul/session.js";
import { Proxy } from "../../scripts/lab/proxy.js";
import { until } from "../../scripts/lab/until.js";
import { clientOf, freshPrefix } from "./consul-subject.js";

const LEASE_MS = 8_000;

type Before = (lease: Lease, proxy: Proxy) => Promise<void>;

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
  const sees = async (is: () => boolean): Promise<number> => {
    await until(is, { withinMs: leaseMs, everyMs: 5 });
    return performance.now();
  };

  const [before, answered, session] = [proxy.requests, proxy.answerBytes, lease.id];
  proxy.answers = "swallow";
  const lost = await sees(() => proxy.answerBytes > answered);
  proxy.answers = "pass";
  const next = await sees(() => proxy.requests > before + 1);

  // Half a lease is left after the one that was lost.
  expect(next - lost).toBeLessThan(leaseMs * 0.45);
  await lease.fresh();
  expect([lease.id, await sessionLives(client, session ?? "")]).toEqual([session, true]);
});

it("while nobody wants its session an agent may be silent for three leases, and for one as soon as somebody does", async () => {
  const leaseMs = 1_000;
  /** Leases between the last word of an agent that had been idle and the end of its session. */
  const silence = async (before: Before): Promise<number> => {
    await using proxy = await Proxy.start(Number(new URL(inject("consulUrl")).port));
    const client = clientOf(`http://127.0.0.1:${String(proxy.port)}`);
    const options = { kind: "check", leaseMs, name: freshPrefix() } as const;
    await using lease = await Lease.open(client, options);
    const openedAt = performance.now();
    const session = lease.id ?? "";
    const idle = (): boolean => performance.now() - openedAt > leaseMs * 4.5;
    await until(idle, { withinMs: leaseMs * 5, everyMs: 5 });
    await before(lease, proxy);
    expect(lease.id).toBe(session);
    const cutAt = performance.now();
    await proxy[Symbol.asyncDispose]();
    const direct = clientOf(inject("consulUrl"));
    const over = async (): Promise<boolean> => !(await sessionLives(direct, session));
    await until(over, { withinMs: leaseMs * 5, everyMs: 20 });
    return (performance.now() - cutAt) / leaseMs;
  };

  const [idle, wanted] = await Promise.all([
    silence(() => Promise.resolve()),
    silence(async (lease, proxy) => {
      const beat = async (): Promise<void> => {
        const seen = proxy.requests;
        await until(() => proxy.requests > seen, { withinMs: leaseMs * 2, everyMs: 5 });
      };
      await beat();
      await lease.fresh();
      const freshAt = performance.now();
      // Not a lease after the last one: that would be too late by now.
      await beat();
      expect(performance.now() - freshAt).toBeLessThan(leaseMs * 0.85);
    }),
  ]);

  // The last beat was sent up to a lease before the cut, and at the cut.
  expect(idle).toBeGreaterThan(1.9);
  expect(wanted).toBeLessThan(1.5);
});
