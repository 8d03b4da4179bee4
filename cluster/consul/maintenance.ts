import { JobrunnerError } from "../../common/error.js";
import type { ConsulClient, Request } from "../../consul/client.js";
import { maintenanceOf, setMaintenance } from "../../consul/service.js";

/** Marks what this agent said itself: another agent process may have said it before. */
const OURS = "jobrunner: ";

/**
 * Maintenance of an agent's instance is its drain, and the other way round: whoever changed it
 * last, the agent or somebody in Consul, is obeyed by the other.
 */
export class Maintenance {
  #wanted: string | undefined;
  /** What both sides had last; undefined when nobody knows, as after registering. */
  #agreed: boolean | undefined;
  #instance: string | undefined;

  /** What was last found on the instance itself. */
  get instance(): string | undefined {
    return this.#instance;
  }

  /** The agent takes no jobs any more, and why; undefined: it does. */
  want(reason: string | undefined): void {
    this.#wanted = reason;
  }

  /** Consul may have lost what it was told; what the agent is about to tell it stays so. */
  forget(): void {
    if (this.#agreed === (this.#wanted !== undefined)) this.#agreed = undefined;
  }

  /** Brings both sides together; `told` is called when somebody changed it in Consul. */
  async settle(
    { client, id }: { readonly client: ConsulClient; readonly id: string },
    told: (reason: string | undefined) => void,
    request: Request,
  ): Promise<void> {
    const { instance, node } = await maintenanceOf(client, id, request);
    const found = instance ?? node;
    this.#instance = instance;
    const wanted = this.#wanted !== undefined;
    if (this.#isTheirs(found)) {
      this.#agreed = found !== undefined;
      if (wanted === this.#agreed) return;
      this.#wanted = found;
      told(found);
      return;
    }
    if ((found !== undefined) !== wanted) {
      await setMaintenance(client, id, wanted ? OURS + (this.#wanted ?? "") : undefined);
    }
    this.#agreed = wanted;
  }

  /** Consul was told something else than this agent told it. */
  #isTheirs(found: string | undefined): boolean {
    // What a process before this one said of itself does not bind it; what an operator said does.
    if (this.#agreed === undefined) return isOperators(found);
    const same = (this.#wanted !== undefined) === this.#agreed;
    return same && (found !== undefined) !== this.#agreed;
  }
}

/** An operator's word, not what an agent said of itself. */
export function isOperators(reason: string | undefined): boolean {
  return reason !== undefined && !reason.startsWith(OURS);
}

/** Why an agent cannot resume. */
export function keptByNode(name: string, reason: string): JobrunnerError {
  return new JobrunnerError(
    "CONFLICT",
    `the machine of agent ${name} is in maintenance in Consul: ${reason}`,
    {
      hint: "End that first, on that machine: consul maint -disable; the agent resumes by itself.",
    },
  );
}
