// A gateway as the wire contract describes it, in memory and without sockets: what tests hold the client against.
//
// Its points, sessions and streams are plain data; nothing happens in it by itself but heartbeats. Frames are small, so
// that what takes several of them on a real gateway does here. How it fails is in the hands of the test.

import { matcher } from '../../src/entries.js';

export interface Truth {
  value: number | string | boolean | null;
  reason?: string;
  seq: number;
  time: number;
}

export interface Session {
  client: string;
  /** Each entry as it was given, in order. */
  entries: Map<string, unknown>;
  revision: number;
  /** Selected points, and the revision in which each joined. */
  joined: Map<string, number>;
  wire: Wire | undefined;
}

/** One open stream. */
interface Wire {
  session: Session;
  send(text: string): void;
  end(): void;
  compact: boolean;
  heartbeatMs: number;
  names: Set<string>;
  seq: number;
  snapRevision: number;
  snapshot: string[];
  pending: Set<string>;
  gone: Set<string>;
  timer: ReturnType<typeof setInterval> | undefined;
  quietSince: number;
  /** A selection is in force that it has not told yet. */
  subscribing: boolean;
  /** What it sent went nowhere: nothing comes on it any more. */
  dead: boolean;
}

const FRAME = 2;
const T0 = 1_000_000;
const BAD = /^(timeout|no_communication|waiting|device_error|not_a_number|configuration)$/;

export class Gateway {
  epoch = 1;
  seq = 0;
  catalog = 1;
  notices = 0;
  points = new Map<string, Truth>();
  tombs = new Map<string, number>();
  sessions = new Map<string, Session>();
  wires = new Set<Wire>();
  /** Streams ever opened, and the most that were open at once. */
  opened = 0;
  most = 0;
  edits: { method: string; body: any }[] = [];
  /** What it sends goes nowhere. */
  silent = false;
  #sessions = 0;

  // ---- its world ----

  set(id: string, value: Truth['value'], reason?: string): void {
    const isNew = !this.points.has(id);
    this.tombs.delete(id);
    this.seq += 1;
    this.points.set(id, { value, seq: this.seq, time: T0 + this.seq, ...(reason !== undefined && { reason }) });
    for (const session of this.sessions.values()) {
      if (isNew && this.#test(session)(id)) session.joined.set(id, session.revision);
      if (session.joined.has(id)) session.wire?.pending.add(id);
    }
  }

  remove(id: string): void {
    if (!this.points.delete(id)) return;
    this.seq += 1;
    this.tombs.set(id, this.seq);
    for (const session of this.sessions.values()) {
      if (!session.joined.delete(id)) continue;
      session.wire?.pending.delete(id);
      session.wire?.gone.add(id);
      if (session.wire) session.wire.snapshot = session.wire.snapshot.filter((one) => one !== id);
    }
  }

  restart(): void {
    for (const wire of [...this.wires]) wire.end();
    this.sessions.clear();
    this.tombs.clear();
    this.epoch += 1;
    this.notices = 0;
  }

  #test(session: Session): (id: string) => boolean {
    return matcher(session.entries.keys());
  }

  // ---- its streams ----

  open(query: URLSearchParams, lastId: string, send: (text: string) => void, end: () => void): Wire {
    const [client = '', epoch, seq, revision] = lastId.split('.');
    const known = Number(epoch) === this.epoch ? this.sessions.get(client) : undefined;
    const session = known ?? this.#begin(query.get('points')?.split(',').filter(Boolean) ?? []);
    const { wire: before } = session;
    if (before) {
      this.#event(before, 'replaced', {}, false);
      before.end();
    }
    const wire: Wire = {
      session, send, compact: query.get('format') === 'compact', heartbeatMs: Number(query.get('heartbeat_ms') ?? 15_000), names: new Set(),
      seq: known ? Number(seq) : 0, snapRevision: known ? Number(revision) : 0, snapshot: [], pending: new Set(), gone: new Set(),
      timer: undefined, quietSince: Date.now(), dead: false, subscribing: false,
      end: () => {
        clearInterval(wire.timer);
        this.wires.delete(wire);
        if (session.wire === wire) session.wire = undefined;
        end();
      },
    };
    session.wire = wire;
    this.wires.add(wire);
    this.opened += 1;
    this.most = Math.max(this.most, this.wires.size);
    const [resumed, selection] = [known !== undefined, known ? 'kept' : session.entries.size > 0 ? 'query' : 'empty'];
    const reset = known ? null : lastId ? (Number(epoch) === this.epoch ? 'expired' : 'restart') : null;
    wire.send('retry: 20\n');
    this.#event(wire, 'connect', {
      client: session.client, resumed, reset, selection, revision: session.revision, heartbeat_ms: wire.heartbeatMs, interval_ms: 0,
      catalog: this.catalog, ...(wire.compact && { t0: T0 }),
    });
    if (known) this.#resume(wire);
    else wire.subscribing = session.entries.size > 0;
    wire.timer = setInterval(() => this.#beat(wire), wire.heartbeatMs / 4);
    return wire;
  }

  #begin(matches: string[]): Session {
    this.#sessions += 1;
    const session: Session = { client: `c${this.#sessions}`, entries: new Map(), revision: 0, joined: new Map(), wire: undefined };
    this.sessions.set(session.client, session);
    for (const match of matches) session.entries.set(match, match);
    if (matches.length > 0) session.revision = 1;
    this.#rejoin(session);
    return session;
  }

  #resume(wire: Wire): void {
    const { joined, revision } = wire.session;
    for (const [id, at] of joined) {
      if (at > wire.snapRevision) wire.snapshot.push(id);
      else if (this.points.get(id)!.seq > wire.seq) wire.pending.add(id);
    }
    const test = this.#test(wire.session);
    for (const [id, seq] of this.tombs) if (seq > wire.seq && test(id)) wire.gone.add(id);
    if (wire.snapshot.length === 0) wire.snapRevision = revision;
  }

  #select(wire: Wire): void {
    const { session } = wire;
    wire.subscribing = false;
    this.#event(wire, 'subscribed', { revision: session.revision, count: session.joined.size }, false);
    wire.snapshot = [...session.joined].filter(([, at]) => at > wire.snapRevision).map(([id]) => id);
    wire.pending = new Set([...wire.pending].filter((id) => session.joined.has(id)));
    if (wire.snapshot.length === 0) this.#points(wire, [], { snapshot: session.revision });
  }

  /** Sends at most so many frames of what waits. */
  pump(frames = Infinity): void {
    for (const wire of this.wires) for (let sent = 0; sent < frames && this.#frame(wire); sent += 1);
  }

  #frame(wire: Wire): boolean {
    const { snapshot, pending, gone, session } = wire;
    if (wire.subscribing) {
      this.#select(wire);
    } else if (gone.size > 0) {
      const ids = [...gone];
      gone.clear();
      if (snapshot.length + pending.size === 0) wire.seq = this.seq;
      this.#event(wire, 'removed', { points: ids, why: 'deleted' });
    } else if (snapshot.length > 0) {
      const ids = snapshot.splice(0, FRAME);
      for (const id of ids) pending.delete(id);
      this.#points(wire, ids, { snapshot: session.revision, ...(snapshot.length > 0 && { more: true }) });
    } else if (pending.size > 0) {
      const ids = [...pending].slice(0, FRAME);
      for (const id of ids) pending.delete(id);
      this.#points(wire, ids, {});
    } else {
      return false;
    }
    return true;
  }

  #points(wire: Wire, ids: string[], more: object): void {
    if (wire.snapshot.length + wire.pending.size + wire.gone.size === 0) wire.seq = this.seq;
    if (wire.snapshot.length === 0) wire.snapRevision = wire.session.revision;
    const names: Record<string, string> = {};
    const points = ids.map((id) => {
      const { value, reason, time } = this.points.get(id)!;
      if (!wire.compact) {
        const quality = reason === undefined ? 'good' : BAD.test(reason) ? 'bad' : 'uncertain';
        return { id, value, quality, ...(reason !== undefined && { reason, since: time }), time };
      }
      if (!wire.names.has(id)) names[alias(id)] = id;
      wire.names.add(id);
      return [alias(id), value, time - T0, ...(reason !== undefined ? [reason] : [])];
    });
    this.#event(wire, 'points', { points, ...(Object.keys(names).length > 0 && { names }), ...more });
  }

  #event(wire: Wire, name: string, data: object, withId = true): void {
    wire.quietSince = Date.now();
    const id = `${wire.session.client}.${this.epoch}.${wire.seq}.${wire.snapRevision}`;
    wire.dead ||= this.silent;
    if (!wire.dead) wire.send(`event: ${name}\ndata: ${JSON.stringify(data)}\n${withId ? `id: ${id}\n` : ''}\n`);
  }

  #beat(wire: Wire): void {
    if (Date.now() - wire.quietSince < wire.heartbeatMs || wire.subscribing || wire.snapshot.length + wire.pending.size + wire.gone.size > 0) return;
    wire.seq = this.seq;
    this.#event(wire, 'heartbeat', { time: Date.now(), heartbeat_ms: wire.heartbeatMs });
  }

  notice(text: string): void {
    this.notices += 1;
    for (const wire of this.wires) this.#event(wire, 'notice', { id: this.notices, severity: 'info', text, from: 'x', time: 1 }, false);
  }

  renew(): void {
    this.catalog += 1;
    for (const wire of this.wires) this.#event(wire, 'catalog', { generation: this.catalog }, false);
  }

  // ---- its subscriptions ----

  edit(client: string, method: string, body: any, ifMatch: string | null): { status: number; body: unknown } {
    const session = this.sessions.get(client);
    if (!session) return { status: 404, body: { title: 'none', status: 404, detail: 'no such client' } };
    if (ifMatch && ifMatch !== `"${session.revision}"`) return { status: 412, body: { detail: 'conflict' } };
    this.edits.push({ method, body });
    const add: unknown[] = method === 'PUT' ? body.points : body.add;
    const key = method === 'PUT' ? 'points' : 'add';
    const errors = add.flatMap((entry, at) => (nameOf(entry).includes('bad') ? [{ field: `${key}[${at}].match`, detail: 'no' }] : []));
    if (errors.length > 0) return { status: 400, body: { title: 'bad', status: 400, detail: 'no', errors } };
    if (method === 'PUT') session.entries.clear();
    else for (const match of body.remove) session.entries.delete(match);
    for (const entry of add) {
      session.entries.delete(nameOf(entry));
      session.entries.set(nameOf(entry), entry);
    }
    session.revision += 1;
    this.#rejoin(session, method === 'PUT');
    if (session.wire) session.wire.subscribing = true;
    const entries = add.map((entry) => ({ match: nameOf(entry), status: 'ok' }));
    return { status: 200, body: { revision: session.revision, entries } };
  }

  #rejoin(session: Session, all = false): void {
    const test = this.#test(session);
    const { joined, revision } = session;
    for (const id of joined.keys()) if (!test(id)) joined.delete(id);
    for (const id of this.points.keys()) if (test(id) && (all || !joined.has(id))) joined.set(id, revision);
  }
}

const nameOf = (entry: any): string => (typeof entry === 'string' ? entry : entry.match);

/** A number for an id, always the same. */
function alias(id: string): number {
  let hash = 7;
  for (const unit of id) hash = (hash * 31 + unit.codePointAt(0)!) % 1_000_003;
  return hash;
}
