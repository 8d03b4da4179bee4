/** Every limit of the HTTP server, with its unit. */
export const LIMITS = {
  /** Largest request body, bytes. */
  bodyBytes: 1024 * 1024,
  /** Nesting of a body: deeper ones overflow the stack of whoever walks them. */
  bodyDepth: 32,
  /** Keys of all objects of a body together. */
  bodyKeys: 10_000,
  /** Jobs on one page of a list. */
  pageJobs: 500,
  /** Lines on one page of a log. */
  pageLines: 1000,
  /** Events on one page. */
  pageEvents: 1000,
  /** Jobs that wait on one page of why an agent does not take them. */
  pageWhy: 100,
  /** The same when nobody says how many. */
  whyJobs: 20,
  /** Longest text that jobs are searched for, characters. */
  search: 256,
  /** Longest `?wait=`, ms; under `idleMs`, or the connection ends before the answer. */
  waitMs: 60_000,
  /** Posts in progress at a time; the next one is asked to come back. */
  postsInFlight: 256,
  /** Open connections: each costs memory and a file descriptor. */
  connections: 1500,
  /** Event streams among them: what is left over is for everybody else. */
  streams: 1200,
  /** Event streams of one caller, when no setting says otherwise. */
  streamsPerCaller: 100,
  /** What the reader of a stream may leave unread, bytes; the next event drops it. */
  streamUnreadBytes: 256 * 1024,
  /** Between two signs of life of a quiet stream, ms; under `idleMs`. */
  heartbeatMs: 15_000,
  /** Time for the request line and headers, ms. */
  headersMs: 10_000,
  /** Time for the whole request, ms. */
  requestMs: 20_000,
  /** How often the two limits above are looked at, ms. */
  checkEveryMs: 30_000,
  /** A connection on which nothing moves, ms. */
  idleMs: 120_000,
  /** A connection between two requests, ms. */
  keepAliveMs: 65_000,
  /** Of each caller beyond the loopback. */
  requestsASecond: 100,
  /** Callers whose requests are counted; who has not asked for longest is forgotten first. */
  callers: 10_000,
  /** Errors listed in one answer. */
  errors: 20,
} satisfies Readonly<Record<string, number>>;
