import pino from "pino";
import { expect, it, onTestFinished } from "vitest";
import { type Claims, createClaims } from "../../../agent/claims.js";
import type { JobBoard } from "../../../boards/board.js";
import { FakeClock } from "../../support/fake-clock.js";
import { type OpenBoard, posting, put } from "./subject.js";

/* What the claims of an agent (agent/claims.ts) make of the board's answers. */

function claimsOn(board: JobBoard, incarnation: string): Claims {
  const claims = createClaims({
    ...{ board, incarnation, clock: new FakeClock(), log: pino({ level: "silent" }) },
    renewed: () => undefined,
  });
  onTestFinished(() => claims[Symbol.asyncDispose]());
  return claims;
}

export function testAgents(open: OpenBoard): void {
  it("fires lost when another agent has taken the job", async () => {
    const { board, other, advance } = await open();
    const id = await put(board);
    const claims = claimsOn(board, "alpha");
    const claim = await claims.claim(id);
    await advance(board.traits.leaseMs);
    await other.claim(id, "beta.1");

    expect(claim?.lost.aborted).toBe(false);
    await claims.renewNow();

    expect(claim?.lost.aborted).toBe(true);
    expect(claim?.lost.reason).toMatchObject({ code: "OWNERSHIP_LOST" });
    expect(await other.renew(new Map([[id, "beta.1"]]))).toEqual(new Map([[id, "ok"]]));
  });

  it("takes a claim again whose entry the board lost, and keeps everybody else out (P-23)", async () => {
    const { board, other } = await open();
    const made = posting();
    await board.put([made]);
    const claims = claimsOn(board, "alpha");
    const claim = await claims.claim(made.id);
    if (claim === undefined) throw new Error("not claimed");
    claims.own(claim, { posting: made, stillMine: () => Promise.resolve(true) });
    await other.consume(made.id, claim.claimId);
    await other.put([{ ...made, delayMs: board.traits.leaseMs }]); // As a sweep does.

    await claims.renewNow();

    expect(claim.lost.aborted).toBe(false);
    expect(await other.claim(made.id, "beta.1")).toBe("taken");
    expect(await board.held("alpha")).toEqual(new Map([[made.id, claim.claimId]]));
  });
}
