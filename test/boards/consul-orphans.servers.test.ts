import { expect, inject, it } from "vitest";
import { createSession, destroySession } from "../../consul/session.js";
import { op, transact } from "../../consul/txn.js";
import { until } from "../../scripts/lab/until.js";
import { put } from "../contracts/board/subject.js";
import { boardUrl, claimOf, clientOf, freshPrefix, openBoardAt } from "./consul-subject.js";

it("an owner whose session comes and goes unseen, beside others', leaves its job to others", async () => {
  const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
  const client = clientOf(consul);
  const board = await openBoardAt(boardUrl(consul, prefix), { leaseMs: 600_000 });
  const session = async (name: string): Promise<string> => {
    const plan = { name, nodeChecks: [], serviceChecks: [], ttlMs: 10_000 };
    return (await createSession(client, plan)) ?? expect.unreachable("no session");
  };
  const others: string[] = [];

  // Between two looks, at most of the times.
  for (let n = 0; n < 4; n += 1) {
    const id = await put(board);
    others.push(await session("of another program"));
    const brief = await session(`jobrunner ${prefix} brief`);
    await transact(client, [op.lock(`${prefix}/claims/${id}`, `brief.${n}`, brief)]);
    others.push(await session("of another program"));
    await destroySession(client, brief);

    // The flag of a claim that was seen to.
    const reopened = async (): Promise<boolean> => (await claimOf(client, prefix, id))?.flags === 1;
    await until(reopened, { withinMs: 8_000, what: "the claim to be free" });
    expect(await board.claim(id, `b.${n}`)).toBe("claimed");
  }
  for (const id of others) await destroySession(client, id);
});
