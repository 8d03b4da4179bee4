import { JobrunnerError } from "../../../common/error.js";
import type { HolderView } from "../../../common/wire/flow-control.js";

/** P-43: refused, as another job has the unique key. */
export class KeyHeld extends JobrunnerError {
  readonly holder: HolderView;

  constructor(key: string, { id, state }: HolderView) {
    super("KEY_HELD", `job ${id}, which is ${state}, has the unique key ${key}`, {
      hint: `Wait for its end with jobrunner wait ${id}, or end it with jobrunner cancel; then post again.`,
    });
    this.holder = { id, state };
  }
}
