import { createHash, timingSafeEqual } from "node:crypto";
import { type AccessToken, allows, type Scope } from "../../../common/access.js";
import { JobrunnerError } from "../../../common/error.js";
import { HttpError } from "../problem.js";

/** Tokens that an agent takes. */
export interface AccessOptions {
  /** The one that all agents of the cluster share: good for everything. */
  readonly token?: string;
  readonly tokens?: readonly AccessToken[];
}

/** Who asks. */
export interface Caller {
  readonly id: string;
  readonly scope: Scope;
}

/** Who may ask, by the secrets that requests carry; nobody is asked while there is no token. */
export class Access {
  #tokens: readonly Known[] = [];
  readonly #now: () => number;

  constructor(options: AccessOptions, now: () => number) {
    this.#now = now;
    this.replace(options);
  }

  get open(): boolean {
    return this.#tokens.length === 0;
  }

  /** Whatever was known before is not any more. */
  replace({ token, tokens = [] }: AccessOptions): void {
    const shared = token === undefined ? [] : [{ ...SHARED, digest: digestOf(token) }];
    const named = tokens.map(({ id, scope, hash, expiresAt }) => {
      const expires = expiresAt === undefined ? NEVER : Date.parse(expiresAt);
      return { id, scope, digest: Buffer.from(hash, "hex"), expires };
    });
    this.#tokens = [...shared, ...named];
  }

  /** Whether an answer that goes on for long may go on; not after its token is gone or expired. */
  knows(authorization: string | undefined): boolean {
    return this.open || this.#find(authorization) !== undefined;
  }

  /**
   * Who asks, for what each may have only so much of: the token. The one that all agents share, and
   * who has none, are told apart by where they ask from.
   */
  nameOf(authorization: string | undefined, address: string): string {
    const caller = this.#find(authorization);
    if (caller === undefined) return address;
    return caller.id === SHARED.id ? `${caller.id} ${address}` : caller.id;
  }

  /**
   * Throws the same 401 for a token that is missing, wrong or expired. All digests are compared, in
   * a time that tells nothing about how much of which token was right.
   */
  identify(authorization: string | undefined): Caller {
    const caller = this.#find(authorization);
    if (caller !== undefined) return { id: caller.id, scope: caller.scope };
    const error = new JobrunnerError("UNAUTHORISED", "this agent wants a token that it knows", {
      hint: "Set JOBRUNNER_TOKEN or JOBRUNNER_TOKEN_FILE; the agents have it as api.token.",
    });
    throw new HttpError(401, error, { "www-authenticate": "Bearer" });
  }

  #find(authorization: string | undefined): Known | undefined {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1] ?? "";
    const digest = digestOf(given);
    const found = this.#tokens.filter((token) => timingSafeEqual(token.digest, digest));
    return found.find(({ expires }) => expires > this.#now());
  }
}

/** A token; no other one can have the name of the shared one. */
interface Known extends Caller {
  readonly digest: Buffer;
  readonly expires: number;
}

const NEVER = Number.POSITIVE_INFINITY;

const SHARED: Omit<Known, "digest"> = {
  id: "(cluster)",
  scope: "admin",
  expires: NEVER,
};

/** Throws 403 for a token that is good for less. */
export function checkScope({ scope }: Caller, wanted: Scope): void {
  if (allows(scope, wanted)) return;
  throw new JobrunnerError("FORBIDDEN", `this token is good for ${scope}, not for ${wanted}`, {
    hint: `Ask with a token of scope ${wanted}: jobrunner token create --scope ${wanted}.`,
  });
}

function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
