import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Agent } from "../../agent/agent.js";
import type { JobBoard } from "../../boards/board.js";
import { openBoard } from "../../boards/open.js";
import { composeAgent } from "../../cli/agent/compose.js";
import type { JobDetailView, JobView } from "../../common/wire.js";
import type { Change } from "../../engine/journal.js";
import { openPersistence } from "../../persistence/open.js";
import type { Persistence } from "../../persistence/persistence.js";
import { appended, appendOf, owned } from "../contracts/samples.js";
import { ask, START_MS } from "../http/api.js";
import { configIn } from "../support/config.js";

/* What somebody else wrote into board or database must not stop an agent. */

const dir = mkdtempSync(join(tmpdir(), "jobrunner-stored-"));
let agent: Agent;
let board: JobBoard;
let persistence: Persistence;

beforeAll(async () => {
  const config = configIn(dir, { name: "alpha", runner: "thread" });
  agent = await composeAgent(config, pino({ level: "silent" }));
  board = await openBoard(config.board, { leaseMs: config.leaseMs });
  persistence = await openPersistence(config.persistence);
}, START_MS);
afterAll(async () => {
  await board[Symbol.asyncDispose]();
  await persistence[Symbol.asyncDispose]();
  await agent.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function post(): Promise<string> {
  const body = { flow: "hello" };
  const answer = await ask(`${agent.address}/v1/jobs`, { method: "POST", body });
  return (answer.json as JobView).id;
}

async function ended(id: string): Promise<JobDetailView> {
  return (await ask(`${agent.address}/v1/jobs/${id}?wait=30s`)).json as JobDetailView;
}

function tell(verb: string): Promise<unknown> {
  return ask(`${agent.address}/v1/agents/self/${verb}`, { method: "POST" });
}

describe("an agent that meets", () => {
  it("entries that nobody can read on the board leaves them, and runs the others", async () => {
    const junk = ["{", "null", '[1,"hello"]', '[1,"hello",1,"not a clause"]', "\u0000"];
    await board.put(
      junk.map((signature, n) => ({
        id: `01980000-0000-7000-8000-00000000000${n}`,
        ...{ signature, priority: 100, delayMs: 0 },
      })),
    );

    expect((await ended(await post())).state).toBe("SUCCESS");
    expect((await ask(`${agent.address}/readyz`)).status).toBe(200);
  });

  it("a journal that nobody can read parks the job with a reason, and goes on", async () => {
    await tell("cordon");
    const id = await post();
    const boardId = await persistence.boardId();
    const owner = await owned(persistence, id, { boardId: boardId ?? "" });
    const strange = [{ change: "atom", atom: "greet", to: "DANCING" }] as unknown as Change[];
    await appended(persistence, appendOf(owner, 1, { changes: strange }));
    await persistence.endOwnership(id, owner.token, "handover");
    await tell("resume");

    const job = await ended(id);
    expect(job.state).toBe("SUSPENDED");
    expect(job.reason).toMatchObject({ code: "BAD_RECORD" });
    expect((await ended(await post())).state).toBe("SUCCESS");
  });
});
