import { toFailure } from "../../../common/failure.js";
import type { Store } from "../../../common/json.js";
import { lookUp } from "../../args.js";
import type { Attempt } from "../../bodies.js";
import { nextQuestion, type Question } from "../../decide.js";
import type { Decision } from "../../journal.js";
import { decideRetry } from "../../retry.js";
import { recordOf } from "../../state.js";
import type { Desk } from "../desk.js";
import type { Consulted } from "./consultations.js";
import { historyOf, questionInfo } from "../infos.js";
import { builtInOf } from "../steps.js";

/**
 * Answers what failures ask of retries, one after the other; each answer is an entry and never
 * asked for again. False while an answer is still out: nothing may start before it, for it may
 * concern whatever could. Retries of the author's own are asked only when `mayAsk`.
 */
export function answerQuestions(desk: Desk, mayAsk: boolean): boolean {
  for (;;) {
    const question = nextQuestion(desk.state);
    if (question === undefined) return true;
    const controller = builtInOf(question.retry);
    if (controller === undefined) {
      if (mayAsk && !desk.present.asking) ask(desk, question);
      return false;
    }
    const { history } = recordOf(desk.state, question.retry);
    decide(desk, question, decideRetry({ controller, history, args: argsOf(desk, question) }));
  }
}

function decide(desk: Desk, { retry, about }: Question, decision: Decision): void {
  desk.emit({ change: "decision", retry: retry.name, atom: about.name, decision });
}

function ask(desk: Desk, question: Question): void {
  const { bodies, present, job } = desk;
  const { retry, about } = question;
  const record = recordOf(desk.state, retry);
  const history = historyWithFailure(desk, question);
  const info = {
    ...questionInfo(record, { job, args: argsOf(desk, question), again: false }),
    history,
  };
  present.asking = true;
  desk.consult({
    who: `onFailure of "${retry.name}"`,
    ask: (hooks) => bodies.onFailure(info, hooks),
    wanted: () => {
      const now = nextQuestion(desk.state);
      return now?.retry === retry && now.about === about;
    },
    answer: (answer) => {
      present.asking = false;
      note(desk, question, answer);
    },
    dropped: () => {
      present.asking = false;
    },
  });
}

const DECISIONS: readonly unknown[] = ["RETRY", "REVERT", "REVERT_ALL"];

/** A controller that throws, or says something else, must not leave the flow half done. */
function note(desk: Desk, question: Question, answer: Consulted<Decision>): void {
  if (answer.ok && DECISIONS.includes(answer.value)) return decide(desk, question, answer.value);
  const { retry, about } = question;
  const error = answer.ok
    ? new TypeError(`"${retry.name}" answered ${String(answer.value)}, which is no decision`)
    : answer.error;
  const failure = toFailure(error);
  const decision = "REVERT_ALL";
  desk.emit({ change: "decision", retry: retry.name, atom: about.name, decision, failure });
}

function argsOf(desk: Desk, { retry }: Question): Store {
  const found = lookUp(desk, retry);
  return found.found ? found.args : {};
}

/** The attempts as they will stand once the failure is noted; the first one of an atom counts. */
function historyWithFailure(desk: Desk, { retry, about, root }: Question): readonly Attempt[] {
  const history = historyOf(recordOf(desk.state, retry));
  const last = history.at(-1);
  const { failure } = recordOf(desk.state, root);
  if (last === undefined || failure === undefined) return history;
  const failures = { [about.name]: failure, ...last.failures };
  return [...history.slice(0, -1), { ...last, failures }];
}
