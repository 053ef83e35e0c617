// What the client hands out and takes. The words are those of the wire contract.

/** Whether a value can be trusted. */
export type Quality = 'good' | 'uncertain' | 'bad';

/**
 * A point's value. An integer beyond ±(2⁵³−1) is a string of its digits, unless `Options.bigint` asks for bigints.
 */
export type Value = number | bigint | boolean | string | null;

/** A point as a watcher sees it. */
export interface Point {
  /** Its path, such as `boiler/supply/temperature`. */
  readonly id: string;
  readonly value: Value;
  readonly quality: Quality;
  /** Why the quality is not good. */
  readonly reason?: string;
  /** Since when the quality is not good, Unix milliseconds. The compact form does not tell. */
  readonly since?: number;
  /** When the value was read, Unix milliseconds by the gateway's clock; null if it never was. */
  readonly time: number | null;
  /** Whether this is what the gateway has now. False from the moment contact is lost until the value is known to be current. */
  readonly live: boolean;
}

/** From what change on a number is told again, against the value last sent. */
export type Deadband = { readonly absolute: number } | { readonly percent: number };

/** A selected id or pattern, and how often it is to be told. */
export interface Entry {
  /** An id, or a pattern: `*` is one segment, a last `**` one or more. */
  readonly match: string;
  /** Least time between two changes, 0 to 60 000 ms. */
  readonly interval_ms?: number;
  readonly deadband?: Deadband;
  /** After how long a change within the deadband is told all the same, 1 to 3 600 000 ms. */
  readonly flush_ms?: number;
}

/** `live`: values are current. `behind`: in contact, catching up. `lost`: no contact, or not yet. */
export type Liveness = 'live' | 'behind' | 'lost';

/** How the client stands to the gateway. */
export interface Contact {
  readonly state: Liveness;
  /** When the gateway was last heard, Unix milliseconds by this machine's clock; null for never. */
  readonly lastContact: number | null;
  /** The gateway's clock less this machine's, as of the last heartbeat, in ms; null until a connection has had one. */
  readonly offsetMs: number | null;
  /** Why contact is lost, for people; null while there is none to tell. */
  readonly why: string | null;
}

/** A message to people. */
export interface Notice {
  readonly id: number;
  readonly severity: string;
  readonly text: string;
  readonly from: string;
  readonly time: number;
}

/** A refusal of the gateway (RFC 9457). `status` 0: no answer came. */
export interface Problem {
  readonly type?: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly { readonly field: string; readonly detail: string }[];
  /** Of a write: whether it was sent to the device. */
  readonly sent?: boolean;
}

/** A part of the selection that the gateway would not take. Its points stay silent. */
export interface Refusal {
  readonly match: string;
  readonly why: string;
}

/** A point as `GET` tells it: its newest value with its metadata. */
export interface PointInfo extends Omit<Point, 'live'> {
  /** When it was read last, changed or not. */
  readonly checked?: number | null;
  readonly type: 'bool' | 'i16' | 'u16' | 'i32' | 'u32' | 'i64' | 'u64' | 'f32' | 'f64' | 'string';
  readonly unit?: string;
  /** Lowest and highest plausible value. */
  readonly range?: readonly [Value, Value];
  /** Digits behind the point to show. */
  readonly precision?: number;
  /** Names of numbers. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly description?: string;
  readonly device?: string;
  readonly writable: boolean;
  readonly scan_ms?: number;
  readonly configured_scan_ms?: number;
  readonly stale_after_ms?: number;
}

/** What became of a setpoint. Not `ok`: `problem` says why, and by `sent` whether the device may have it all the same. */
export type Written =
  | { readonly ok: true; readonly verdict: 'applied' | 'mismatch' | 'unverified'; readonly value?: Value }
  | { readonly ok: false; readonly problem: Problem };

/** How to connect. */
export interface Options {
  /** Where the gateway is; the page's own origin if left out. Needed outside a browser. */
  readonly url?: string;
  /** What authenticates the reader, or a function that gives it, called before each connection. */
  readonly token?: string | (() => string | Promise<string>);
  /** Ask for the compact form (true). The plain one also tells `since`. */
  readonly compact?: boolean;
  /** Longest silence of the gateway, 1 000 to 60 000 ms (5 000). Twice as long is lost contact. */
  readonly heartbeatMs?: number;
  /** Least time between two frames, 0 to 60 000 ms (0). */
  readonly intervalMs?: number;
  /** Give `i64` and `u64` values as bigint once `points` or `read` has told a point's type (false). */
  readonly bigint?: boolean;
  /** How the tabs of an origin share one stream: what the browser has (`auto`), one way of it, or not at all. */
  readonly share?: 'auto' | 'worker' | 'channel' | false;
}
