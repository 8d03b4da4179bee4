import type { BoardView } from "../../../common/wire/board.js";
import type { BoardInUse, Route, RouteOptions } from "../route.js";
import { BOARD } from "../schemas/board.js";
import { NO_BODY } from "../schemas/schema.js";

/** P-30: what an operator may look at and decide. */
export function boardRoutes({
  agent,
  board,
}: Pick<RouteOptions, "agent" | "board">): readonly Route[] {
  const answer = async (asked: ReturnType<BoardInUse["boards"]>): Promise<BoardView> => {
    const { here, inUse } = await asked;
    return { agent, here, ...(inUse === undefined ? {} : { inUse }) };
  };
  return [
    {
      method: "GET",
      url: "/v1/board",
      operationId: "showBoard",
      summary: "Tell which board the agent is on, and which one its cluster uses",
      ...{ tag: "system", scope: "read" },
      schema: { response: { 200: BOARD } },
      handler: () => answer(board.boards()),
    },
    {
      method: "POST",
      url: "/v1/board/use",
      operationId: "useBoard",
      summary: "Make the agent's board the cluster's",
      ...{ tag: "system", scope: "operate" },
      schema: { body: NO_BODY, response: { 200: BOARD } },
      handler: () => answer(board.useBoard()),
    },
  ];
}
