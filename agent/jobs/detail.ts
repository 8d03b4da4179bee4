import type { AttemptView, JobDetailView, ProgressView } from "../../common/wire.js";
import type { WaitsForView } from "../../common/wire/flow-control.js";
import { maskedParams, redacted, redactorOf } from "../../common/text/secret.js";
import type { Entry } from "../../engine/journal.js";
import { type AtomHistory, historiesOf, resultsOf } from "../../engine/view.js";
import type { JobRow, Ownership } from "../../persistence/persistence.js";
import type { Retries } from "../../persistence/persistence.js";
import { type AtomPart, toTree } from "./tree.js";
import { ownersAmong } from "./verbs/viewing.js";
import { toJobView, toNeeds, toOwnerViews } from "./views.js";

export interface DetailParts {
  readonly row: JobRow;
  readonly entries: readonly Entry[];
  readonly ownerships: readonly Ownership[];
  readonly retries: Retries;
  /** The last owner has not ended, and holds no claim any more. */
  readonly silent: boolean;
  /** What bodies that run on this agent say of themselves, by atom. */
  readonly progress: ReadonlyMap<string, ProgressView>;
  /** The slot that it waits for. */
  readonly waiting: WaitsForView | undefined;
  readonly now: number;
}

export function toDetailView(parts: DetailParts): JobDetailView {
  const { row, entries, retries, silent, progress, waiting, now } = parts;
  const ownerships = ownersAmong(parts.ownerships);
  const agent = ownerships.at(-1)?.agent;
  const summary = agent === undefined ? row : { ...row, agent };
  const histories = historiesOf(entries);
  const { secrets } = row.spec;
  const redact = redactorOf(row.params, secrets);
  const agents = new Map(ownerships.map((ownership) => [ownership.token, ownership.agent]));
  return {
    ...toJobView(summary, now),
    ...(retries.of !== undefined && { retryOf: retries.of }),
    ...(retries.by.length > 0 && { retriedBy: retries.by }),
    ...(waiting !== undefined && { waitsFor: waiting }),
    params: maskedParams(row.params, secrets),
    needs: toNeeds(row),
    owners: toOwnerViews(ownerships, silent),
    tree: redacted(toTree(row.spec, toParts(histories, { agents, progress })), redact),
    failures: redacted([...failuresOfFlow(row, entries), ...failuresOf(histories)], redact),
    ...(row.state === "SUCCESS" && {
      outputs: redacted(resultsOf(row.spec, row.params, entries), redact),
    }),
  };
}

interface Told {
  /** Names of agents by token. */
  readonly agents: ReadonlyMap<number, string>;
  readonly progress: DetailParts["progress"];
}

function toParts(
  histories: ReadonlyMap<string, AtomHistory>,
  { agents, progress }: Told,
): ReadonlyMap<string, AtomPart> {
  const parts = new Map<string, AtomPart>();
  for (const [atom, { state, attempts, result, kept }] of histories) {
    const views = attempts.map((attempt): AttemptView => ({
      state: attempt.state,
      agent: agents.get(attempt.token) ?? "?",
      startedAt: new Date(attempt.startedAt).toISOString(),
      ...(attempt.endedAt !== undefined && { endedAt: new Date(attempt.endedAt).toISOString() }),
      ...(attempt.failure !== undefined && { failure: attempt.failure }),
    }));
    const said = progressOf(views.at(-1), progress.get(atom));
    parts.set(atom, {
      state,
      attempts: views,
      ...(result !== undefined && { result }),
      ...(kept !== undefined && { kept }),
      ...(said !== undefined && { progress: said }),
    });
  }
  return parts;
}

/** Of the flow itself, under its own name: its time was over. */
function failuresOfFlow({ spec }: JobRow, entries: readonly Entry[]): JobDetailView["failures"] {
  return entries.flatMap(({ changes }) =>
    changes.flatMap((change) =>
      change.change === "cancel" && change.failure !== undefined
        ? [{ atom: spec.name, failure: change.failure }]
        : [],
    ),
  );
}

/** What an earlier attempt said, and what an ended one did, is of no use to anybody. */
function progressOf(
  last: AttemptView | undefined,
  said: ProgressView | undefined,
): ProgressView | undefined {
  if (last === undefined || said === undefined || last.endedAt !== undefined) return undefined;
  return said.at >= last.startedAt ? said : undefined;
}

/** The failures that count in the end: of atoms whose last attempt was not a good one. */
function failuresOf(histories: ReadonlyMap<string, AtomHistory>): JobDetailView["failures"] {
  return [...histories].flatMap(([atom, { attempts }]) => {
    const failure = attempts.at(-1)?.failure;
    return failure === undefined ? [] : [{ atom, failure }];
  });
}
