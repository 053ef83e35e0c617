// What is known of the one stream, what may happen to it and what is to be done: plain data, so that another tab can go
// on with a copy of it.

import type { Entry, Notice, Refusal } from './types.js';

/** How long a new connection may take to its first event. */
export const CONNECT_PATIENCE_MS = 15_000;
/** All tabs notice that the machine slept; for so long after the first that says so, a stream is not opened anew again. */
export const SETTLE_MS = 5_000;
/** Entries in one change of the selection: well within the 1 MiB that a request may have. */
export const TELL_MOST = 2_000;
/** Longest selection that goes into an address, in UTF-16 units; a longer one is told after the opening. */
export const QUERY_MOST = 2_000;

/** A point as the stream tells it. */
export interface Sample {
  id: string;
  value: number | boolean | string | null;
  quality: 'good' | 'uncertain' | 'bad';
  reason?: string;
  since?: number;
  time: number | null;
}

/** A change of the selection, and how it stands when the gateway has taken it. */
export interface Tell {
  ticket: number;
  add: readonly Entry[];
  after: ReadonlyMap<string, string>;
}

export interface State {
  phase: 'closed' | 'connecting' | 'catching' | 'live' | 'waiting';
  /** What readers want to follow. */
  wanted: readonly Entry[];
  /** What the gateway follows for us, each pattern with its wish; null while unknown. */
  told: ReadonlyMap<string, string> | null;
  /** Patterns that the gateway would not take, until nobody wants them. */
  refused: readonly string[];
  /** The change of selection under way. */
  telling: Tell | null;
  /** Whether a change may be due. */
  due: boolean;
  ticket: number;
  tellAt: number | null;
  tellFailures: number;
  /** Selections that the gateway took, in order, whose `subscribed` is still on the way. */
  coming: readonly { revision: number; after: ReadonlyMap<string, string> }[];
  /** A change went without an answer: it may be in force, or come into force yet. */
  doubt: boolean;
  /** Of the selection that was told last, and of the one whose events arrive now. */
  toldRevision: number;
  revision: number;
  client: string;
  lastId: string;
  /** Whether this connection began with nothing held. */
  fresh: boolean;
  /** Whether the gateway found fault with an address: then no selection stands in it. */
  bare: boolean;
  /** What the address of this connection asked for. */
  opened: ReadonlyMap<string, string>;
  /** Position at which this connection began. */
  cameFrom: string | undefined;
  /** Counts `connect` events: which connection a value came with. */
  connection: number;
  catalog: number | null;
  heartbeatMs: number;
  /** Silence up to here is a dead stream. */
  deadline: number | null;
  openAt: number | null;
  openedAt: number;
  failures: number;
  /** Why there is no contact. */
  why: string | null;
  /** The newest notice by id, of the gateway's run `noticeEpoch`. */
  notice: number;
  noticeEpoch: string | undefined;
}

/** What is to be done, in order. */
export type Effect =
  | { do: 'open'; matches: readonly string[]; lastId: string }
  | { do: 'close' }
  | { do: 'tell'; client: string; ticket: number; method: 'PUT' | 'PATCH'; revision: number; body: object }
  /** Forget every value. */
  | { do: 'drop' }
  /** Values of points that were not in each of these selections are void. */
  | { do: 'keep'; selections: readonly (readonly string[])[] }
  | { do: 'apply'; points: readonly Sample[] }
  /** A snapshot is whole: what is void still is no more. */
  | { do: 'sweep' }
  /** These points are no more. */
  | { do: 'forget'; ids: readonly string[] }
  | { do: 'catalog'; generation: number }
  | { do: 'stamp'; time: number }
  | { do: 'notice'; notice: Notice }
  | { do: 'refused'; refusals: readonly Refusal[] };

/** The gateway's JSON, of which every field may be missing. */
export type Data = any;

export type Input =
  | { type: 'start' | 'stop' | 'wake' | 'takeOver' }
  | { type: 'want'; entries: readonly Entry[] }
  | { type: 'event'; name: string; data: Data; id: string }
  /** The stream ended or broke; `retryMs` is the wait that the gateway asked for. */
  | { type: 'ended'; retryMs: number }
  /** The gateway would not open the stream. */
  | { type: 'refused'; status: number; why: string; retryMs: number }
  /** Answer to `tell`: its status (0: none came), and what the body says. */
  | { type: 'told'; ticket: number; status: number; body: Data }
  /** The reader is back, or the machine: `slept` says that the stream cannot be trusted. */
  | { type: 'check'; slept: boolean };

/** One step's circumstances, and its effects so far. */
export interface Turn {
  now: number;
  random: number;
  effects: Effect[];
}

/** Before the first step. */
export function initial(heartbeatMs: number): State {
  return {
    phase: 'closed', wanted: [], told: null, refused: [], telling: null, due: false, ticket: 0, tellAt: null, tellFailures: 0,
    coming: [], doubt: false, toldRevision: 0, revision: 0, client: '', lastId: '', fresh: true, bare: false, opened: new Map(), cameFrom: undefined,
    connection: 0, catalog: null, heartbeatMs, deadline: null, openAt: null, openedAt: 0, failures: 0, why: null, notice: 0, noticeEpoch: undefined,
  };
}

/** Whether there is contact. */
export const isOpen = ({ phase }: State): boolean => phase === 'live' || phase === 'catching';
