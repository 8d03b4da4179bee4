import type { Answer, ConsulClient, Request } from "./client.js";
import { blocking, type Blocking } from "./kv.js";

/** An instance of a service as the catalog of the servers has it. */
export interface Instance {
  readonly id: string;
  readonly node: string;
  /** Where it can be reached; the node's address when the service named none. */
  readonly address: string;
  readonly port: number;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly checks: readonly Check[];
}

export interface Check {
  readonly id: string;
  readonly status: string;
  readonly output: string;
  readonly notes: string;
}

interface RawInstance {
  readonly Node: { readonly Node: string; readonly Address: string };
  readonly Service: {
    readonly ID: string;
    readonly Address?: string;
    readonly Port?: number;
    readonly Tags?: readonly string[] | null;
    readonly Meta?: Readonly<Record<string, string>> | null;
  };
  readonly Checks?: readonly {
    readonly CheckID: string;
    readonly Status: string;
    readonly Output: string;
    readonly Notes: string;
  }[];
}

/** The package takes it, its types leave it out. */
const STALE = { stale: true };

/**
 * All instances of a service, with the checks of their nodes, as any of the servers knows them:
 * also without a leader. Without the right to read nodes Consul answers an empty list, no error.
 */
export async function listInstances(
  client: ConsulClient,
  service: string,
  request: Request & Blocking = {},
): Promise<Answer<readonly Instance[]>> {
  const answer = await client.ask<readonly RawInstance[]>(
    (api, common) => api.health.service({ service, ...STALE, ...common, ...blocking(request) }),
    request,
  );
  return { ...answer, body: (answer.body ?? []).map(instanceOf) };
}

function instanceOf({ Node, Service, Checks = [] }: RawInstance): Instance {
  const checks = Checks.map(({ CheckID, Status, Output, Notes }) => ({
    ...{ id: CheckID, status: Status, output: Output, notes: Notes },
  }));
  return {
    id: Service.ID,
    node: Node.Node,
    address: Service.Address || Node.Address,
    port: Service.Port ?? 0,
    tags: Service.Tags ?? [],
    meta: Service.Meta ?? {},
    checks,
  };
}
