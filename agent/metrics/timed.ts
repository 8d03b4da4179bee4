/** One call that has ended, well or not. */
export interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly ms: number;
  /** What it resolved to; undefined when it rejected. */
  readonly answer: unknown;
}

/** The same object; `note` hears of every call of these methods, which answer promises. */
export function timed<T extends object>(
  object: T,
  methods: readonly (keyof T & string)[],
  note: (call: Call) => void,
): T {
  const made = new Map<unknown, unknown>();
  const wrapped =
    (method: string, work: Method): Method =>
    async (...args) => {
      const startedAt = performance.now();
      let answer: unknown;
      try {
        answer = await Reflect.apply(work, object, args);
        return answer;
      } finally {
        note({ method, args, answer, ms: performance.now() - startedAt });
      }
    };
  return new Proxy(object, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const known = made.get(name);
      if (known !== undefined) return known;
      const isTimed = (methods as readonly unknown[]).includes(name);
      // Classes with private members know themselves only by their own `this`.
      const method: unknown = isTimed
        ? wrapped(String(name), value as Method)
        : bound(value as Method, target);
      made.set(name, method);
      return method;
    },
  });
}

type Method = (...args: readonly unknown[]) => unknown;

function bound(method: Method, target: object): Method {
  return (...args) => Reflect.apply(method, target, args);
}
