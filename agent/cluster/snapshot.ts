import type { Clock } from "../../common/clock.js";
import type { SnapshotView } from "../../common/wire/facts.js";
import type { Facts } from "../../facts/facts.js";
import { factViews } from "../../facts/told/views.js";

/** For a look at what is looked at only when somebody asks, ms. */
const LOOK_MS = 1_000;
/** How old that may be, ms. */
const AGE_MS = 5_000;

/** All facts of this machine, the ports among them, as programs read them. */
export async function snapshotOf(facts: Facts, clock: Clock): Promise<SnapshotView> {
  const done = new AbortController();
  const looked = facts.fresh("listening_ports", AGE_MS); // The free ones come with them.
  await Promise.race([looked, clock.sleep(LOOK_MS, done.signal)]);
  done.abort();
  return factViews(facts.snapshot());
}
