import { networkInterfaces } from "node:os";
import type { Address } from "../fact.js";
import { known, type Source } from "../source.js";

/** How other machines may reach this one. */
export function networkSource(): Source {
  return {
    names: ["addresses"],
    everyMs: 30_000,
    read: () => ({ addresses: known(readAddresses()) }),
  };
}

function readAddresses(): readonly Address[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ internal, address }) => !internal && !isLinkLocal(address))
      .map(({ family, address, mac }) => ({ interface: name, family, address, mac })),
  );
}

/** Good for neighbours only, and not without naming an interface. */
function isLinkLocal(address: string): boolean {
  return /^(?:fe[89ab]|169\.254\.)/i.test(address);
}
