import type { ConsulClient, Request } from "./client.js";
import type { Instance } from "./health.js";

/** A service instance on the Consul agent asked, with one check that it keeps passing itself. */
export interface ServicePlan {
  /** Shared by all instances; a DNS label. */
  readonly name: string;
  /** Of this instance, unique on its Consul agent: a second registration replaces the first. */
  readonly id: string;
  readonly address?: string;
  readonly port?: number;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
  readonly check: {
    readonly id: string;
    readonly name: string;
    readonly notes?: string;
    /** Critical when it was not beaten for so long, milliseconds. */
    readonly ttlMs: number;
    /** The instance is removed after so long in critical, milliseconds; Consul: at least 60,000. */
    readonly forgetAfterMs: number;
    /** Until the first beat it warns: Consul tells the servers of a change of status at once. */
    readonly warnsAtFirst?: boolean;
  };
  /** A second check, made by the Consul agent: whether this URL answers with 2xx. */
  readonly http?: {
    readonly id: string;
    readonly name: string;
    readonly notes?: string;
    readonly url: string;
    readonly everyMs: number;
    readonly limitMs: number;
  };
}

/**
 * Registers an instance; doing it again changes what differs, and keeps the status of its checks.
 * The catalog of the servers has it a moment after this resolves.
 */
export async function registerService(
  client: ConsulClient,
  plan: ServicePlan,
  request: Request = {},
): Promise<void> {
  const { name, id, address, port, tags, meta, check, http } = plan;
  // By hand: the package's types ask for fields of other kinds of checks.
  const body = {
    ...{ Name: name, ID: id, Address: address, Port: port, Tags: tags, Meta: meta },
    Checks: [beaten(check), ...(http === undefined ? [] : [asked(http)])],
  };
  await client.put({ path: "/agent/service/register", body }, request);
}

function beaten(check: ServicePlan["check"]): object {
  return {
    ...{ CheckID: check.id, Name: check.name, Notes: check.notes, TTL: `${check.ttlMs}ms` },
    // It would begin critical otherwise, and no session could be bound to it.
    Status: check.warnsAtFirst === true ? "warning" : "passing",
    DeregisterCriticalServiceAfter: `${check.forgetAfterMs}ms`,
  };
}

function asked({
  id,
  name,
  notes,
  url,
  everyMs,
  limitMs,
}: NonNullable<ServicePlan["http"]>): object {
  return {
    ...{ CheckID: id, Name: name, Notes: notes, HTTP: url, Method: "GET", Status: "passing" },
    ...{ Interval: `${everyMs}ms`, Timeout: `${limitMs}ms` },
  };
}

export interface Beat {
  readonly output?: string;
  /** A change of it is told to the servers at once, with the output, which may wait otherwise. */
  readonly status?: "passing" | "warning" | "critical";
}

/** Keeps a check passing. False when the Consul agent knows no such check: register again. */
export async function beat(
  client: ConsulClient,
  checkId: string,
  { output, status = "passing", ...request }: Request & Beat = {},
): Promise<boolean> {
  // By hand: the package's method puts the output into the URL, and can send no status with it.
  const { refusal } = await client.put(
    {
      path: "/agent/check/update/{id}",
      params: { id: checkId },
      body: { Status: status, Output: output ?? "" },
    },
    // 1.8 says 500 to a check it does not know, later ones 404.
    { ...request, expect: [404, 500] },
  );
  return refusal === undefined;
}

/** Removes an instance and its checks; false when the Consul agent asked has none. */
export async function deregisterService(client: ConsulClient, id: string): Promise<boolean> {
  const { refusal } = await client.ask(
    (api, common) => api.agent.service.deregister({ id, ...common }),
    { expect: [404, 500] },
  );
  return refusal === undefined;
}

/**
 * Removes an instance from the catalog of the servers. The Consul agent that has it, if there is
 * one, tells them of it again within minutes.
 */
export async function forgetInstance(
  client: ConsulClient,
  { id, node }: Pick<Instance, "id" | "node">,
): Promise<void> {
  await client.put({ path: "/catalog/deregister", body: { Node: node, ServiceID: id } });
}

/** Puts an instance into maintenance, where it is not found as passing, or takes it out again. */
export async function setMaintenance(
  client: ConsulClient,
  id: string,
  reason: string | undefined,
): Promise<void> {
  const enable = reason !== undefined;
  await client.ask((api, common) =>
    api.agent.service.maintenance({ id, enable, ...(enable ? { reason } : {}), ...common }),
  );
}

/** Why an instance, and why its whole node, is in maintenance, as far as somebody said. */
export interface Kept {
  readonly instance?: string;
  readonly node?: string;
}

/** As the Consul agent asked has it; whatever is not in maintenance is left out. */
export async function maintenanceOf(
  client: ConsulClient,
  id: string,
  request: Request = {},
): Promise<Kept> {
  const ids = { instance: `${SERVICE_MAINTENANCE}:${id}`, node: NODE_MAINTENANCE };
  // Asked often, and a machine may have many checks: the answer is empty unless there is one.
  const filter = Object.values(ids).map((each) => `CheckID == "${each}"`);
  const checks = await localChecks(client, filter.join(" or "), request);
  const found = Object.entries(ids).flatMap(([what, checkId]) => {
    const check = checks.find(({ CheckID }) => CheckID === checkId);
    return check === undefined ? [] : [[what, check.Notes ?? ""] as const];
  });
  return Object.fromEntries(found);
}

/** Name of the node of the Consul agent asked, when that has an instance of this id. */
export async function nodeOf(client: ConsulClient, id: string): Promise<string | undefined> {
  const [check] = await localChecks(client, `ServiceID == "${id}"`, {});
  return check?.Node;
}

interface LocalCheck {
  readonly Node: string;
  readonly CheckID: string;
  readonly Notes?: string;
}

async function localChecks(
  client: ConsulClient,
  filter: string,
  request: Request,
): Promise<readonly LocalCheck[]> {
  const { body = {} } = await client.ask<Readonly<Record<string, LocalCheck>>>(
    (api, common) => api.agent.check.list({ ...common, filter }),
    request,
  );
  return Object.values(body);
}

/** Ids of the checks by which Consul marks maintenance. */
export const SERVICE_MAINTENANCE = "_service_maintenance";
export const NODE_MAINTENANCE = "_node_maintenance";
