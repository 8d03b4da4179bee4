import type { Member, Self } from "../membership.js";

/** Characters of the machine's id that tell two instances of one name apart. */
const MACHINE_CHARACTERS = 8;

/**
 * Two machines with agents of one name. Instances of one id replace each other in a Consul agent
 * that both use, and nobody would see that there are two: the one that comes second takes an id
 * with its machine in it. Both are told, for commands by name reach neither.
 */
export class Twins {
  readonly #onTwin: (why: string) => void;
  #twin: string | undefined;
  #second = false;

  constructor(onTwin: (why: string) => void) {
    this.#onTwin = onTwin;
  }

  /** What is wrong now. */
  get trouble(): string | undefined {
    return this.#twin;
  }

  /** Of this agent's instance. */
  idOf({ name, machine }: Pick<Self, "name" | "machine">, service: string): string {
    const more = this.#second ? `-${machine.slice(0, MACHINE_CHARACTERS)}` : "";
    return `${service}-${name}${more}`;
  }

  /** True when this agent has to register itself anew, by another id. */
  look(members: readonly Member[], self: Pick<Self, "name" | "machine">): boolean {
    const all = members.filter(({ name, state }) => name === self.name && state !== "gone");
    const twin = all.find(({ machine }) => machine !== undefined && machine !== self.machine);
    const before = this.#twin;
    this.#twin = twin && describe(twin);
    if (this.#twin !== undefined && this.#twin !== before) this.#onTwin(this.#twin);
    const replaced = twin !== undefined && !all.some(({ machine }) => machine === self.machine);
    if (!replaced || this.#second) return false;
    this.#second = true;
    return true;
  }
}

function describe({ name, machine, url }: Member): string {
  const where = [url, `machine ${String(machine)}`].filter((each) => each !== undefined);
  return `another machine has an agent "${name}" (${where.join(", ")}): rename one (agent.name)`;
}
