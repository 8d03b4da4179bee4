import type { NewJob } from "../../persistence/persistence.js";
import { gate, openWorld } from "./world.js";

/** A world in which alpha owns a job, and is in the middle of that atom until `open` is called. */
export async function openHeld(atom: string, more: Partial<NewJob> = {}) {
  const world = await openWorld();
  const { id } = await world.post(more);
  const { entered, open, body } = gate();
  const alpha = world.agent("alpha", { [atom]: body });
  const claim = await alpha.claim(id);
  const working = alpha.execute(claim);
  await entered;
  return { world, id, alpha, claim, working, open };
}
