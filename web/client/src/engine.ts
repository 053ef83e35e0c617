// The one stream for everybody who reads here: the shell around connection.js, what it has heard, and who wants what.
//
// Readers (the tabs of an origin, or one page) send `Ask`s and are sent `Said`s. An engine that is not active has no
// stream; it follows what the active one of another tab does, so that it can go on where that one ends.

import { step, wakeAt } from './connection.js';
import { Routes, matcher, merge } from './entries.js';
import { type Answer, bearer } from './call.js';
import { type Effect, type Input, type Sample, type State, initial } from './state.js';
import type { Listener } from './stream.js';
import type { Entry, Notice, Refusal } from './types.js';

/** A reader that was not heard for so long is gone. Browsers let a hidden page speak once a minute at least. */
export const LEASE_MS = 150_000;
/** How long the readers may take to give a token. */
export const TOKEN_PATIENCE_MS = 10_000;
/** A reader that nothing else is said to hears of contact so often, as long as there is any. */
export const CONTACT_MS = 1_000;

/** Where the gateway is and how it is to be followed: the same for everybody who shares a stream. */
export interface Setting {
  base: string;
  compact: boolean;
  heartbeatMs: number;
  intervalMs: number;
}

/** A value, with the number of the connection that it came with. */
export type Held = Sample & { n: number };

/** What a reader tells the engine. */
export type Ask =
  /** All that it wants from now on. `auth`: it can give a token. */
  | { ask: 'watch'; entries: readonly Entry[]; auth: boolean }
  | { ask: 'beat' }
  | { ask: 'check'; slept: boolean }
  | { ask: 'token'; ticket: number; token: string | undefined }
  | { ask: 'bye' };

/** What the engine tells a reader: how things stand, and what is new, to be taken in the order of the fields. */
export interface Said {
  phase: State['phase'];
  connection: number;
  heartbeatMs: number;
  lastContact: number | null;
  offsetMs: number | null;
  why: string | null;
  /** The engine does not know this reader: what it has is void; say again what is wanted. */
  who?: true;
  /** There is no engine any more: what it told is void. */
  gone?: true;
  /** A token is needed. */
  token?: number;
  drop?: true;
  /** Values of these may be out of date. */
  void?: string[];
  forget?: string[];
  points?: Held[];
  /** What is void still is no more. */
  sweep?: true;
  catalog?: number;
  notices?: Notice[];
  refusals?: readonly Refusal[];
}

/** The world outside, so that tests can be it. */
export interface Io {
  now(): number;
  wall(): number;
  random(): number;
  /** Calls `then` after `ms`; returns what takes it back. */
  after(ms: number, then: () => void): () => void;
  open(url: string, lastId: string, on: Listener): () => void;
  call(url: string, method: string, body: unknown, headers: Record<string, string>): Promise<Answer>;
}

interface Reader {
  entries: readonly Entry[];
  auth: boolean;
  heard: number;
  said: number;
  /** None for a reader in another tab, which hears from an engine of its own. */
  say: ((said: Said) => void) | undefined;
}

type News = Omit<Said, keyof ReturnType<Engine['standing']>>;

/** What an engine tells those that follow it: the fields of the state that changed, and what was done. */
export interface Step {
  state: Partial<State>;
  effects: readonly Effect[];
  lastContact: number | null;
  offsetMs: number | null;
}

export class Engine {
  #state: State;
  #active = false;
  #readers = new Map<string, Reader>();
  #routes = new Routes<string>();
  #values = new Map<string, Held>();
  #lastContact: number | null = null;
  #offsetMs: number | null = null;
  #expireAt = 0;
  #close = (): void => {};
  #timer = (): void => {};
  #token: string | undefined;
  #tokenTicket = 0;
  #tokenGiven: ((token: string | undefined) => void) | undefined;

  /**
   * `onStep` hears of everything an active engine does; `onReplaced`, that another has its session, which it then leaves
   * to that one instead of beginning a new one.
   */
  constructor(readonly setting: Setting, readonly io: Io, readonly onStep?: (step: Step) => void, readonly onReplaced?: () => void) {
    this.#state = initial(setting.heartbeatMs);
  }

  get active(): boolean {
    return this.#active;
  }

  // ---- readers ----

  /** Takes what `name` tells. `say` is how it hears; none if it hears elsewhere. */
  hear(name: string, ask: Ask, say?: (said: Said) => void): void {
    const reader = this.#readers.get(name);
    if (reader) reader.heard = this.io.now();
    if (ask.ask === 'watch') return this.#watch(name, ask.entries, ask.auth, say);
    if (ask.ask === 'bye') return this.#leave([name]);
    if (ask.ask === 'token' && ask.ticket === this.#tokenTicket) return this.#tokenGiven?.(ask.token);
    if (!this.#active) return;
    if (ask.ask === 'check') this.#feed({ type: 'check', slept: ask.slept });
    if (ask.ask === 'check' || ask.ask === 'beat') {
      if (reader) this.#say(reader, {});
      else say?.({ ...this.standing(), who: true });
    }
  }

  #watch(name: string, entries: readonly Entry[], auth: boolean, say?: (said: Said) => void): void {
    const isNew = !this.#readers.has(name);
    const before = this.#routes.of(name);
    const reader = { entries, auth, heard: this.io.now(), said: 0, say: say ?? this.#readers.get(name)?.say };
    this.#readers.set(name, reader);
    this.#routes.set(name, entries.map(({ match }) => match));
    const test = this.#routes.of(name);
    const points = say || reader.say ? [...this.#values.values()].filter(({ id }) => test(id) && !before(id)) : [];
    // A reader that was here before may hold points that went meanwhile.
    this.#say(reader, { ...(points.length > 0 && { points }), ...(isNew && this.#state.connection > 0 && { sweep: true }) });
    if (this.#active) this.#want();
  }

  #leave(names: readonly string[]): void {
    for (const name of names) {
      this.#readers.delete(name);
      this.#routes.delete(name);
    }
    if (this.#active && names.length > 0) this.#want();
  }

  /** Without readers there is no stream; it is resumed should one come within the session's life. */
  #want(): void {
    if (this.#readers.size === 0) {
      if (this.#state.phase !== 'closed') this.#feed({ type: 'stop' });
      return;
    }
    this.#feed({ type: 'want', entries: merge([...this.#readers.values()].flatMap(({ entries }) => entries)) });
    if (this.#state.phase === 'closed') this.#feed({ type: 'start' });
  }

  // ---- the one stream, or the following of another's ----

  /** From now on this engine has the stream. */
  lead(): void {
    if (this.#active) return;
    this.#active = true;
    if (this.#state.phase !== 'closed') this.#feed({ type: 'takeOver' });
    this.#want();
  }

  /** From now on another has it. */
  resign(): void {
    this.#active = false;
    this.#close();
    this.#timer();
  }

  /** A sign of life to those that follow. */
  pulse(): void {
    this.onStep?.(this.#stepOf({}, []));
  }

  /** The one that has it is gone. */
  lose(why: string): void {
    this.absorb(this.#stepOf({ phase: 'waiting', why }, []));
  }

  /** Everything that one needs to follow. */
  copy(): { step: Step; values: Held[]; readers: [string, readonly Entry[], boolean][] } {
    const readers = [...this.#readers].map(([name, { entries, auth }]): [string, readonly Entry[], boolean] => [name, entries, auth]);
    return { step: this.#stepOf(this.#state, []), values: [...this.#values.values()], readers };
  }

  /** Begins to follow another engine from its copy. Readers that are here already stay as they are. */
  follow({ step, values, readers }: ReturnType<Engine['copy']>): void {
    for (const [name, entries, auth] of readers) {
      if (!this.#readers.has(name)) this.hear(name, { ask: 'watch', entries, auth });
    }
    this.absorb({ ...step, effects: [{ do: 'keep', selections: [values.map(({ id }) => id)] }, { do: 'apply', points: values }, { do: 'sweep' }] });
  }

  /** Takes what the active engine did. */
  absorb({ state, effects, lastContact, offsetMs }: Step): void {
    const before = this.#state;
    this.#state = { ...before, ...state };
    this.#lastContact = lastContact;
    this.#offsetMs = offsetMs;
    this.#tell(effects, before);
  }

  #feed(input: Input): void {
    if (this.onReplaced && input.type === 'event' && input.name === 'replaced') {
      this.lose('another tab took the stream over');
      return this.onReplaced();
    }
    const now = this.io.now();
    const before = this.#state;
    const { state, effects } = step(before, input, now, this.io.random());
    if (input.type === 'event') this.#lastContact = this.io.wall();
    // Either clock may have been set since.
    if (state.connection !== before.connection) this.#offsetMs = null;
    for (const effect of effects) if (effect.do === 'stamp') this.#offsetMs = effect.time - this.io.wall();
    this.#state = state;
    this.onStep?.(this.#stepOf(changed(before, state), effects));
    this.#tell(effects, before);
    for (const effect of effects) this.#do(effect);
    this.#setTimer();
    this.#expire();
  }

  #stepOf(state: Partial<State>, effects: readonly Effect[]): Step {
    return { state, effects, lastContact: this.#lastContact, offsetMs: this.#offsetMs };
  }

  #do(effect: Effect): void {
    if (effect.do === 'close') this.#close();
    else if (effect.do === 'open') void this.#open(effect.matches, effect.lastId);
    else if (effect.do === 'tell') void this.#put(effect);
  }

  #setTimer(): void {
    this.#timer();
    if (!this.#active) return;
    const wait = Math.min(wakeAt(this.#state) - this.io.now(), LEASE_MS / 3);
    this.#timer = this.io.after(Math.max(0, wait) + 1, () => this.#feed({ type: 'wake' }));
  }

  /** Readers that died without a word lose what they wanted. */
  #expire(): void {
    const now = this.io.now();
    if (!this.#active || now < this.#expireAt) return;
    this.#expireAt = now + LEASE_MS / 3;
    this.#leave([...this.#readers].filter(([, { heard }]) => heard < now - LEASE_MS).map(([name]) => name));
  }

  async #open(matches: readonly string[], lastId: string): Promise<void> {
    this.#close();
    let closed = false;
    this.#close = () => {
      closed = true;
    };
    this.#token = await this.#askToken();
    if (closed) return;
    const { base, compact, heartbeatMs, intervalMs } = this.setting;
    const query = new URLSearchParams({ heartbeat_ms: String(heartbeatMs) });
    if (intervalMs > 0) query.set('interval_ms', String(intervalMs));
    if (compact) query.set('format', 'compact');
    if (matches.length > 0) query.set('points', matches.join());
    if (this.#token) query.set('token', this.#token);
    this.#close = this.io.open(`${base}/stream?${query}`, lastId, {
      event: (name, data, id) => this.#feed({ type: 'event', name, data, id }),
      end: (retryMs) => this.#feed({ type: 'ended', retryMs }),
      refuse: (status, why, retryMs) => this.#feed({ type: 'refused', status, why, retryMs }),
    });
  }

  async #put({ client, ticket, method, revision, body }: Effect & { do: 'tell' }): Promise<void> {
    const url = `${this.setting.base}/clients/${encodeURIComponent(client)}/subscription`;
    const headers = { ...bearer(this.#token), ...(revision > 0 && { 'If-Match': `"${revision}"` }) };
    const answer = await this.io.call(url, method, body, headers);
    if (this.#active) this.#feed({ type: 'told', ticket, ...answer });
  }

  /** The first token that a reader gives; none if none can, or none does in time. */
  #askToken(): Promise<string | undefined> | undefined {
    const able = [...this.#readers.values()].filter(({ auth, say }) => auth && say);
    if (able.length === 0) return undefined;
    this.#tokenTicket += 1;
    return new Promise((resolve) => {
      const giveUp = this.io.after(TOKEN_PATIENCE_MS, () => resolve(undefined));
      this.#tokenGiven = (token) => {
        giveUp();
        resolve(token);
      };
      for (const reader of able) this.#say(reader, { token: this.#tokenTicket });
    });
  }

  // ---- what is told to whom ----

  /** How things stand. */
  standing() {
    const { phase, connection, heartbeatMs, why } = this.#state;
    return { phase, connection, heartbeatMs, why, lastContact: this.#lastContact, offsetMs: this.#offsetMs };
  }

  #say(reader: Reader, news: News): void {
    reader.said = this.io.now();
    reader.say?.({ ...this.standing(), ...news });
  }

  #tell(effects: readonly Effect[], before = this.#state): void {
    const news = new Map<string, News>();
    const box = (name: string): News => {
      let found = news.get(name);
      if (!found) news.set(name, (found = {}));
      return found;
    };
    for (const effect of effects) this.#note(effect, box);
    const turned = before.phase !== this.#state.phase || before.connection !== this.#state.connection;
    const quiet = this.io.now() - CONTACT_MS;
    for (const [name, reader] of this.#readers) {
      const own = news.get(name);
      if (own || turned || (reader.said <= quiet && before.phase !== 'closed')) this.#say(reader, own ?? {});
    }
  }

  #note(effect: Effect, box: (name: string) => News): void {
    const all = this.#readers.keys();
    switch (effect.do) {
      case 'drop':
        this.#values.clear();
        for (const name of all) box(name).drop = true;
        return;
      case 'keep': {
        const tests = effect.selections.map(matcher);
        for (const id of this.#values.keys()) {
          if (tests.every((test) => test(id))) continue;
          this.#values.delete(id);
          for (const name of this.#routes.to(id)) (box(name).void ??= []).push(id);
        }
        return;
      }
      case 'apply':
        for (const point of effect.points) {
          const held: Held = { n: this.#state.connection, ...point };
          this.#values.set(point.id, held);
          for (const name of this.#routes.to(point.id)) (box(name).points ??= []).push(held);
        }
        return;
      case 'sweep':
        for (const name of all) box(name).sweep = true;
        return;
      case 'forget':
        for (const id of effect.ids) {
          this.#values.delete(id);
          for (const name of this.#routes.to(id)) (box(name).forget ??= []).push(id);
          this.#routes.forget(id);
        }
        return;
      case 'catalog':
        for (const name of all) box(name).catalog = effect.generation;
        return;
      case 'notice':
        for (const name of all) (box(name).notices ??= []).push(effect.notice);
        return;
      case 'refused':
        for (const name of all) box(name).refusals = effect.refusals;
    }
  }
}

/** The fields of `after` that are others than before. */
function changed(before: State, after: State): Partial<State> {
  return Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key as keyof State] !== value));
}
