import { expect, it } from "vitest";
import { put } from "../contracts/board/subject.js";
import { guarded, printedPolicy } from "../support/guarded-consul.js";
import { openBoardAt } from "./consul-subject.js";

it("a board works under the policy of docs/consul.md, and a right less is told at once", async () => {
  const { url, token } = await guarded();
  const policy = printedPolicy("consul.md");
  const rules = policy.match(/\w+ "[^"]*" \{[^}]*\}/g) ?? [];
  expect(rules).toHaveLength(3);

  const env = { CONSUL_HTTP_TOKEN: await token(policy) };
  const [board, other] = [await openBoardAt(url, { env }), await openBoardAt(url, { env })];
  const [first, second] = [await put(board), await put(board)];
  await board.identity();
  expect((await other.survey()).signatures).toHaveLength(1);
  expect(await other.claim(first, "b.1")).toBe("claimed");
  expect(await board.claim(first, "a.1")).toBe("taken");
  expect(await other.renew(new Map([[first, "b.1"]]))).toEqual(new Map([[first, "ok"]]));
  expect(await board.held("b")).toEqual(new Map([[first, "b.1"]]));
  await other.consume(first, "b.1");
  expect(await board.claim(second, "a.2")).toBe("claimed");
  await other[Symbol.asyncDispose]();
  await board.abandon(second, "a.2");
  expect(await board.exists([first, second])).toEqual(new Set([second]));

  for (const missing of rules) {
    const less = { CONSUL_HTTP_TOKEN: await token(policy.replace(missing, "")) };
    await expect(openBoardAt(url, { env: less }), missing).rejects.toMatchObject({
      code: "BOARD_DOWN",
      retryable: false,
      hint: expect.stringContaining("docs/consul.md") as string,
    });
  }
  await expect(openBoardAt(url), "no token").rejects.toMatchObject({ retryable: false });
});
