import { expect, it } from "vitest";
import { until } from "../../scripts/lab/until.js";
import { openedSince, openResources } from "../support/resources.js";
import { tempDir } from "../support/temp.js";
import { START_MS, startApi } from "./api.js";
import { follow, seen } from "./following.js";

it(
  "an agent that stops while somebody follows leaves nothing that keeps its process alive",
  async () => {
    const before = openResources();
    const api = await startApi(tempDir());
    await using followed = await follow(api, "/v1/events");
    await seen(followed, "cursor");

    await api[Symbol.asyncDispose]();
    await followed.ended;

    const left = (): readonly string[] => openedSince(before);
    await until(() => left().length === 0, { withinMs: 3_000 }).catch(() => undefined);
    expect(left()).toEqual([]);
  },
  START_MS,
);
