import { setTimeout as sleep } from "node:timers/promises";
import type { AgentsView, FlowsView, FlowView, JobsView } from "../../common/wire.js";
import type { SchedulesView } from "../../common/wire/schedules.js";
import type { CapabilitiesView } from "../../common/wire/system.js";
import { type Client, createClient } from "../api/client.js";
import { shortId } from "../screen/job-list.js";
import type { Candidate } from "./candidate.js";

/** People wait for a key they pressed: what an agent has not said by then is left out, ms. */
const DEADLINE_MS = 300;
/** The newest ones: of more nobody picks by eye. */
const JOBS = 50;

/** What an agent knows that can be typed; nothing at all when none answers in time. */
export class Live {
  readonly #end = AbortSignal.timeout(DEADLINE_MS);
  readonly #via: string | undefined;
  #client: Promise<Client> | undefined;

  constructor(via: string | undefined) {
    this.#via = via;
  }

  async flows(): Promise<readonly FlowView[]> {
    return (await this.#get<FlowsView>("/v1/flows"))?.items ?? [];
  }

  async agents(): Promise<readonly Candidate[]> {
    const items = (await this.#get<AgentsView>("/v1/agents"))?.items ?? [];
    return items.map(({ name, state }) => ({ text: name, about: state }));
  }

  async capabilities(): Promise<readonly Candidate[]> {
    const items = (await this.#get<CapabilitiesView>("/v1/capabilities"))?.items ?? [];
    return items.map(({ name, summary }) => ({ text: name, about: summary }));
  }

  async schedules(): Promise<readonly Candidate[]> {
    const items = (await this.#get<SchedulesView>("/v1/schedules"))?.items ?? [];
    return items.map(({ name, flow, cron }) => ({ text: name, about: `${flow} ${cron}` }));
  }

  /** By the end of their ids, as lists show them; whole ones where the beginning is typed. */
  async jobs(typed: string, states: string | undefined): Promise<readonly Candidate[]> {
    const only = states === undefined ? "" : `&state=${states}`;
    const items = (await this.#get<JobsView>(`/v1/jobs?limit=${JOBS}${only}`))?.items ?? [];
    const ofShort = items.some(({ id }) => shortId(id).startsWith(typed));
    return items.map(({ id, flow, state }) => {
      return { text: ofShort ? shortId(id) : id, about: `${flow} ${state}` };
    });
  }

  async #get<T>(path: string): Promise<T | undefined> {
    const late = sleep(DEADLINE_MS, undefined, { signal: this.#end, ref: false });
    this.#client ??= createClient({ via: this.#via, env: process.env, say: () => undefined });
    const client = this.#client;
    const ask = async (): Promise<T> => (await client).get<T>(path, { signal: this.#end });
    return Promise.race([ask(), late]).catch(() => undefined);
  }
}
