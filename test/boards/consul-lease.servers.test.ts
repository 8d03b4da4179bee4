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
  const [idle, wanted] = await Promise.all([
    silence(() => Promise.resolve()),
    silence(async (lease, proxy) => {
      const session = lease.id;
      const beat = async (): Promise<void> => {
        const seen = proxy.requests;
        await until(() => proxy.requests > seen, { withinMs: RESTING_MS * 2, everyMs: 5 });
      };
      await beat();
      await lease.fresh();
      const freshAt = performance.now();
      // Not a lease after the last one: that would be too late by now.
      await beat();
      expect(performance.now() - freshAt).toBeLessThan(RESTING_MS * 0.85);
      expect(lease.id).toBe(session);
    }),
  ]);

  // The last beat was sent up to a lease before the cut, and at the cut.
  expect(idle).toBeGreaterThan(1.7);
  expect(wanted).toBeGreaterThan(0.8);
  expect(wanted).toBeLessThan(1.5);
});

it("when Consul does not say whether the check may be silent for longer, nothing is held by it any more", async () => {
  let asked = 0;
  const lost = await silence(
    async (lease) => {
      expect(asked).toBeGreaterThan(0);
      // The session that is made anew may be too old already by the time that it is there.
      const isFresh = () => lease.fresh().then(() => true);
      await until(isFresh, { withinMs: RESTING_MS * 3, everyMs: 5 });
    },
    (request) => request.includes(`"TTL":"${String(3 * RESTING_MS)}ms"`) && (asked += 1) > 0,
  );

  expect(lost).toBeGreaterThan(0.8);
  expect(lost).toBeLessThan(1.5);
});

const RESTING_MS = 1_000;

/**
 * Leases of 1 s between the last word of an agent that nobody has asked for its session in four and
 * a half of them, `before` aside, and the end of that session.
 */
async function silence(before: Before, loses?: Proxy["loses"]): Promise<number> {
  await using proxy = await Proxy.start(Number(new URL(inject("consulUrl")).port));
  const client = clientOf(`http://127.0.0.1:${String(proxy.port)}`);
  const options = { kind: "check", leaseMs: RESTING_MS, name: freshPrefix() } as const;
  await using lease = await Lease.open(client, options);
  const openedAt = performance.now();
  proxy.loses = loses ?? proxy.loses;
  const within = { withinMs: RESTING_MS * 6, everyMs: 5 };
  await until(() => performance.now() - openedAt > RESTING_MS * 4.5, within);
  await before(lease, proxy);
  const session = lease.id ?? "";
  const cutAt = performance.now();
  await proxy[Symbol.asyncDispose]();
  const direct = clientOf(inject("consulUrl"));
  await until(async () => !(await sessionLives(direct, session)), { ...within, everyMs: 20 });
  return (performance.now() - cutAt) / RESTING_MS;
}
