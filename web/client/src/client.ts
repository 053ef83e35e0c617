// What a page holds: its watches, the values it was told, and whether they are live.
//
// What holds: a point is live only if the engine has contact and the value came with this connection, or what was missed
// since has come; every watcher hears in the same step that it no longer is. Points of one frame come in one call. Values
// that nobody here watches are not kept.

import { bearer, call } from './call.js';
import type { Held, Said, Setting } from './engine.js';
import { Routes, fault } from './entries.js';
import { Link, tokenOf } from './link.js';
import { NOWHERE } from './share.js';
import type { Contact, Entry, Liveness, Notice, Options, Point, PointInfo, Refusal, Value, Written } from './types.js';

/** Called with the points of one frame, and with the ids of those that are no more. */
export type Callback = (points: readonly Point[], removed: readonly string[]) => void;

/** What `on` tells of, and with what. */
export interface Events {
  /** Contact was lost, found, or is lost for another reason; or the gateway's clock has become known. */
  contact: Contact;
  /** Names, units or labels have changed: the catalogue's generation. */
  catalog: number;
  notice: Notice;
  /** A part of the selection was refused. */
  refused: Refusal;
}

/** What `watch` returns. */
export interface Watch {
  /** Ends it: nothing more is called, and what nobody else watches is no longer sent. May be called again. */
  close(): void;
}

interface Watcher {
  entries: readonly Entry[];
  callback: Callback;
}

interface Batch {
  points: Map<string, Held>;
  removed: Set<string>;
}

/** More ids in one request than this the gateway may refuse for its length. */
const READ_MOST = 2_000;

/** A reader of one gateway. Made by `connect`. */
export class Client {
  readonly #options: Options;
  readonly #setting: Setting;
  readonly #link: Link;
  readonly #watchers = new Routes<Watcher>();
  readonly #open = new Set<Watcher>();
  readonly #values = new Map<string, Held>();
  readonly #listeners = new Map<string, Set<(of: never) => void>>();
  readonly #wide = new Set<string>();
  #said: Said = NOWHERE;
  #lastContact: number | null = null;
  #offsetMs: number | null = null;
  #told = '';
  #telling = false;

  constructor(options: Options) {
    const { url = '', compact = true, heartbeatMs = 5_000, intervalMs = 0 } = options;
    const base = `${url || (globalThis.location?.origin ?? '')}`.replace(/\/+$/, '');
    if (!base) throw new TypeError('url is needed outside a page');
    this.#options = options;
    this.#setting = { base: `${base}/api/v1`, compact, heartbeatMs, intervalMs };
    this.#link = new Link({ setting: this.#setting, options, entries: () => this.#entries(), hear: (said) => this.#hear(said) });
  }

  /** How it stands to the gateway. */
  get state(): Liveness {
    return standing(this.#said);
  }

  /** The same, with what is known of it. */
  get contact(): Contact {
    return { state: this.state, lastContact: this.#lastContact, offsetMs: this.#offsetMs, why: this.#said.why };
  }

  /** Calls `listener` with each such event. Returns what ends that. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all.add(listener));
    return () => void all.delete(listener);
  }

  /**
   * Follows ids and patterns. What is known of them already comes in a call of its own right after this one; then the
   * gateway's, frame by frame. Where several watch the same, one selection serves all: if their wishes differ, the most
   * demanding one is made, and the others hear as often as it does. Throws a TypeError for what is no id or pattern.
   */
  watch(wanted: string | Entry | readonly (string | Entry)[], callback: Callback): Watch {
    const list = Array.isArray(wanted) ? wanted : [wanted];
    const entries = list.map((one: string | Entry): Entry => (typeof one === 'string' ? { match: one } : one));
    for (const { match } of entries) {
      const why = fault(match);
      if (why) throw new TypeError(`“${match}” ${why}`);
    }
    const watcher: Watcher = { entries, callback };
    this.#open.add(watcher);
    this.#watchers.set(watcher, entries.map(({ match }) => match));
    const test = this.#watchers.of(watcher);
    queueMicrotask(() => {
      const held = [...this.#values.values()].filter(({ id }) => test(id));
      if (held.length > 0) this.#call(watcher, held.map((one) => this.#point(one)), []);
    });
    this.#changed();
    return {
      close: () => {
        if (!this.#open.delete(watcher)) return;
        this.#watchers.delete(watcher);
        this.#changed();
      },
    };
  }

  /** Ends everything. Nothing is called after it. */
  close(): void {
    for (const watcher of this.#open) this.#watchers.delete(watcher);
    this.#open.clear();
    this.#listeners.clear();
    this.#link.close();
  }

  // ---- asking once ----

  /** All points that match, or all there are, with their metadata, in pages as they are taken. Throws an Error that is a `Problem`. */
  async *points(match?: string | readonly string[]): AsyncGenerator<PointInfo, void, void> {
    let cursor: string | undefined;
    do {
      const query = new URLSearchParams();
      if (match !== undefined) query.set('match', [match].flat().join());
      if (cursor) query.set('cursor', cursor);
      const page = await this.#ask(`/points?${query}`, 'GET');
      yield* page.points.map((point: PointInfo) => this.#learn(point));
      cursor = page.cursor;
    } while (cursor);
  }

  /** These points as they are now, with their metadata; those that are unknown are left out. Throws an Error that is a `Problem`. */
  async read(ids: readonly string[]): Promise<PointInfo[]> {
    const found: PointInfo[] = [];
    for (let at = 0; at < ids.length; at += READ_MOST) {
      const { points } = await this.#ask('/points/read', 'POST', { ids: ids.slice(at, at + READ_MOST) });
      found.push(...points.map((point: PointInfo) => this.#learn(point)));
    }
    return found;
  }

  /** Writes a setpoint and tells what became of it, within `deadlineMs` (5 000) and the network's time. Never throws. */
  async write(point: string, value: Exclude<Value, null>, { deadlineMs = 5_000 }: { deadlineMs?: number } = {}): Promise<Written> {
    const token = await tokenOf(this.#options).catch(() => undefined);
    const body = { point, value, deadline_ms: deadlineMs };
    const answer = await call(`${this.#setting.base}/writes`, 'POST', body, bearer(token), deadlineMs);
    if (answer.status !== 200) return { ok: false, problem: answer.body };
    const { verdict, value: is } = answer.body;
    return { ok: true, verdict, ...(is !== undefined && { value: this.#value(point, is) }) };
  }

  async #ask(path: string, method: string, body?: unknown) {
    const answer = await call(this.#setting.base + path, method, body, bearer(await tokenOf(this.#options)));
    if (answer.status !== 200) throw Object.assign(new Error(answer.body.detail), answer.body);
    return answer.body;
  }

  #learn(info: PointInfo): PointInfo {
    if (info.type === 'i64' || info.type === 'u64') this.#wide.add(info.id);
    return { ...info, value: this.#value(info.id, info.value) };
  }

  #value(id: string, value: Value): Value {
    const whole = this.#options.bigint && this.#wide.has(id) && /^(number|string)$/.test(typeof value);
    return whole ? BigInt(value as number | string) : value;
  }

  // ---- the selection ----

  /** Every wish once. */
  #entries(): readonly Entry[] {
    const all = [...this.#open].flatMap(({ entries }) => entries);
    return [...new Map(all.map((entry) => [JSON.stringify(entry), entry])).values()];
  }

  /** What is wanted is told once for all that changes in one go. */
  #changed(): void {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      for (const id of this.#values.keys()) if (this.#watchers.to(id).length === 0) this.#values.delete(id);
      const told = JSON.stringify(this.#entries());
      if (told !== this.#told) this.#link.watch();
      this.#told = told;
    });
  }

  // ---- what the engine tells ----

  #hear(said: Said): void {
    const before = this.#said;
    const isTimed = this.#offsetMs !== null;
    this.#said = said;
    this.#lastContact = Math.max(said.lastContact ?? 0, this.#lastContact ?? 0) || null;
    // Without an engine, or with one that has not heard the gateway yet, its clock is as it was.
    if (said.lastContact !== null) this.#offsetMs = said.offsetMs;
    const batches = new Map<Watcher, Batch>();
    this.#take(said, before, batches);
    for (const [watcher, { points, removed }] of batches) {
      this.#call(watcher, [...points.values()].map((one) => this.#point(one)), [...removed]);
    }
    const isOther = standing(before) !== standing(said) || before.why !== said.why || isTimed !== (this.#offsetMs !== null);
    if (isOther) this.#emit('contact', this.contact);
    if (said.catalog !== undefined) this.#emit('catalog', said.catalog);
    for (const notice of said.notices ?? []) this.#emit('notice', notice);
    for (const refusal of said.refusals ?? []) this.#emit('refused', refusal);
  }

  #take(said: Said, before: Said, batches: Map<Watcher, Batch>): void {
    const of = (id: string): Batch[] => this.#watchers.to(id).map((watcher) => {
      const batch = batches.get(watcher) ?? { points: new Map(), removed: new Set() };
      batches.set(watcher, batch);
      return batch;
    });
    const set = (held: Held): void => {
      const all = of(held.id);
      if (all.length > 0) this.#values.set(held.id, held);
      for (const { points, removed } of all) {
        points.set(held.id, held);
        removed.delete(held.id);
      }
    };
    const remove = (id: string): void => {
      if (!this.#values.delete(id)) return;
      for (const { points, removed } of of(id)) {
        points.delete(id);
        removed.add(id);
      }
    };
    if (said.drop) [...this.#values.keys()].forEach(remove);
    said.forget?.forEach(remove);
    for (const id of said.gone || said.who ? [...this.#values.keys()] : said.void ?? []) {
      const held = this.#values.get(id);
      if (held) set({ ...held, n: -1 });
    }
    if (said.phase !== before.phase || said.connection !== before.connection) {
      for (const held of this.#values.values()) if (isLive(held, before) !== isLive(held, said)) set(held);
    }
    said.points?.forEach(set);
    if (said.sweep) for (const { id, n } of [...this.#values.values()]) if (n < 0) remove(id);
  }

  #point({ n, ...sample }: Held): Point {
    return { ...sample, value: this.#value(sample.id, sample.value), live: isLive({ n }, this.#said) };
  }

  /** A watcher that throws costs nobody else anything. */
  #call(watcher: Watcher, points: readonly Point[], removed: readonly string[]): void {
    if (this.#open.has(watcher)) guarded(() => watcher.callback(points, removed));
  }

  #emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) guarded(() => listener(event as never));
  }
}

/** Whether a value counts as live. */
function isLive({ n }: { n: number }, { phase, connection }: Said): boolean {
  return n >= 0 && (phase === 'live' || (phase === 'catching' && n === connection));
}

function standing({ phase }: Said): Liveness {
  return phase === 'live' ? 'live' : phase === 'catching' ? 'behind' : 'lost';
}

/** What goes wrong in a reader's own code is told as any error of it is, after ours. */
function guarded(act: () => void): void {
  try {
    act();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
