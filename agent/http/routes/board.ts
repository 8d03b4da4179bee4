import type { BoardView } from "../../../common/wire/board.js";
import type { Route } from "../route.js";
import { NO_BODY } from "../schemas.js";

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
    { method: "GET", url: "/v1/board", schema: {}, handler: () => answer(board.boards()) },
    {
      method: "POST",
      url: "/v1/board/use",
      schema: { body: NO_BODY },
      handler: () => answer(board.useBoard()),
    },
  ];
}
