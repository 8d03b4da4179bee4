import type { BoardView } from "../../../common/wire/board.js";
import type { Route } from "../route.js";
import { BOARD } from "../schemas/board.js";
import { NO_BODY } from "../schemas/schema.js";

/** The board of the agent that answers. */
export interface BoardInUse {
  boards(): Promise<Omit<BoardView, "agent" | "inUse"> & { readonly inUse: string | undefined }>;
  /** Makes it the cluster's, and puts open jobs on it. */
  useBoard(): ReturnType<BoardInUse["boards"]>;
}

export interface BoardRouteOptions {
  readonly agent: string;
  readonly board: BoardInUse;
}

/** P-30: what an operator may look at and decide. */
export function boardRoutes({ agent, board }: BoardRouteOptions): readonly Route[] {
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
