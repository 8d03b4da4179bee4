import { expect, it } from "vitest";
import { untilIdle } from "../../cli/commands/agents/tell.js";
import { EXIT } from "../../cli/exit.js";
import { createTerminal } from "../../cli/terminal.js";
import { JobrunnerError } from "../../common/error.js";
import type { AgentView } from "../../common/wire.js";
import { ASLEEP, NAS } from "./agent-views.js";

const JOB = "01980f3a-7c1e-7b02-9d40-000000000001";

const BUSY: AgentView = { ...NAS, jobs: [JOB] };

/** `views`: what the agent that is asked knows, look by look; the last one from then on. */
async function drained(views: readonly (AgentView | undefined)[], timeout?: number) {
  const said: string[] = [];
  const terminal = { ...createTerminal({}), say: (text: string) => void said.push(text) };
  const left = [...views];
  const get = <T>(): Promise<T> => {
    const [next] = left.length > 1 ? left.splice(0, 1) : left;
    if (next === undefined) return Promise.reject(new JobrunnerError("NOT_FOUND", "no agent nas"));
    return Promise.resolve(next as T);
  };
  const options = { wait: true, ...(timeout === undefined ? {} : { timeout }) };
  const told = await untilIdle({ client: { get }, terminal, options }, BUSY);
  return { ...told, said };
}

it("a drained agent that does not answer for a while is not taken for one without jobs", async () => {
  const back = await drained([ASLEEP, ASLEEP, BUSY, { ...NAS, jobs: [] }]);
  const gone = await drained([ASLEEP], 600);

  expect(back).toMatchObject({ agent: { jobs: [] } });
  expect(back.code).toBeUndefined();
  expect(back.said).toEqual([expect.stringMatching(/does not answer; asking again$/)]);
  expect(gone).toMatchObject({ code: EXIT.timeout, agent: { jobs: [JOB] } });
  expect(gone.said.at(-1)).toMatch(/nobody can tell what it runs$/);
});

it("a drained agent that has been stopped runs nothing any more", async () => {
  const left = await drained([BUSY, undefined]);

  expect(left).toMatchObject({ agent: { jobs: [] } });
  expect(left.code).toBeUndefined();
  expect(left.said).toEqual([`${BUSY.name} has left: nothing runs there any more`]);
});
