import { JobrunnerError } from "../../common/error.js";
import type { ConsulClient } from "../../consul/client.js";
import type { Instance } from "../../consul/health.js";
import { deregisterService, forgetInstance, nodeOf } from "../../consul/service.js";
import { toMember } from "./instance.js";

export interface Named {
  readonly name: string;
  /** All agents of the catalog. */
  readonly instances: readonly Instance[];
}

/**
 * Removes the silent agents of a name: `here`, from the Consul agent that is asked, or from the
 * servers as well. True when each was taken from where it had registered itself. Rejects with
 * CONFLICT when all that have the name beat.
 */
export async function forget(
  client: ConsulClient,
  { name, instances }: Named,
  reach: "here" | "everywhere",
): Promise<boolean> {
  const now = Date.now();
  const named = instances.filter((instance) => toMember(instance, now).name === name);
  const silent = named.filter((each) => ["gone", "asleep"].includes(toMember(each, now).state));
  if (silent.length === 0 && named.length > 0) throw beats(name);
  let taken = silent.length > 0;
  for (const instance of silent) {
    // Other nodes may have one of the same id, and that may be alive.
    const isHere = (await nodeOf(client, instance.id)) === instance.node;
    if (isHere && (await deregisterService(client, instance.id))) continue;
    taken = false;
    if (reach === "everywhere") await forgetInstance(client, instance);
  }
  return taken;
}

function beats(name: string): JobrunnerError {
  return new JobrunnerError("CONFLICT", `agent ${name} beats in Consul`, {
    hint: "Stop it first: one that stops cleanly is not listed any more, one that was killed counts as gone after half a minute.",
  });
}
