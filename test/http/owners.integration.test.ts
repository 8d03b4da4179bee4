import { describe, expect, it, onTestFinished } from "vitest";
import { JobrunnerError } from "../../common/error.js";
import type { JobDetailView, JobView } from "../../common/wire.js";
import { owned } from "../contracts/samples.js";
import { tempDir } from "../support/temp.js";
import { ask, START_MS, startApi } from "./api.js";

describe("the owners of a job", () => {
  it(
    "says of an owner whose claim ran out that it was not heard of",
    { timeout: START_MS },
    async () => {
      const dir = tempDir();
      const api = await startApi(dir);
      onTestFinished(() => api[Symbol.asyncDispose]());
      const body = { flow: "shapes" };
      const { id } = (await ask(`${api.url}/v1/jobs`, { method: "POST", body })).json as JobView;
      const boardId = (await api.board.identity()).id;
      await api.persistence.setBoardId(undefined, boardId);
      await owned(api.persistence, id, { boardId, owner: "inc.1" });
      const last = async () =>
        ((await ask(`${api.url}/v1/jobs/${id}`)).json as JobDetailView).owners.at(-1);
      await api.board.claim(id, "inc.7");
      expect(await last()).not.toHaveProperty("ended");

      await api.board.abandon(id, "inc.7");
      expect(await last()).toMatchObject({ agent: "agent-1", ended: "silent" });

      api.faults.board = { held: () => Promise.reject(new JobrunnerError("BOARD_DOWN", "away")) };
      expect(await last()).not.toHaveProperty("ended");
    },
  );
});
