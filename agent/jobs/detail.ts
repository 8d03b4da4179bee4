import type { JobDetailView } from "../../common/wire.js";
import type { Entry } from "../../engine/journal.js";
import type { JobRow, Ownership } from "../../persistence/persistence.js";
import { toTree } from "./tree.js";
import { toJobView, toNeeds, toOwnerViews } from "./views.js";

export interface DetailParts {
  readonly row: JobRow;
  readonly entries: readonly Entry[];
  readonly ownerships: readonly Ownership[];
  readonly now: number;
}

export function toDetailView({ row, ownerships, now }: DetailParts): JobDetailView {
  const agent = ownerships.at(-1)?.agent;
  const summary = agent === undefined ? row : { ...row, agent };
  return {
    ...toJobView(summary, now),
    params: row.params,
    needs: toNeeds(row),
    owners: toOwnerViews(ownerships),
    tree: toTree(row.spec),
    failures: [],
  };
}
