// What points were, for trends and sparklines: the last hour of what watches were told, and before it what a browser kept.
//
// What holds: a value stands until the next change or a gap. A gap begins when a value ceases to be good, to be live or
// to be watched, and ends with the next good value; nothing is known of what was in between. Times never go back, what
// is told twice is kept once, and all points together keep within a budget: where it is reached, what is oldest goes
// first, and of the points that are asked to be kept only when nothing else is left.

import type { Point, PointInfo, Value } from 'pointcast';
import { joined } from './tracks.js';

/** So long changes are kept. */
export const KEPT_MS = 3_600_000;
/** What the changes of all points may take in memory. */
export const BUDGET_BYTES = 48 * 1_048_576;
/** Clocks disagree by this much without anyone caring. A value from further ahead is placed when it came. */
export const AHEAD_MS = 2_000;
/** How often what is older than the hour is looked for where nothing changes. */
const SWEEP_MS = 60_000;
/** What giving way brings the changes down to, so that it is rare. */
const EASED = 0.85;
/** Beyond this part of the budget a point with more than its share gets no more room: it forgets what is oldest of it. */
const ROOMY = 0.9;
/** No more of a point is dropped for the budget than what is older than this; then whole points go. */
const LEAST_MS = 10_000;

/**
 * A point's changes, oldest first: Unix ms by the gateway's clock, and value; NaN begins a gap. Not a copy: it is right
 * until the next change.
 */
export interface Track {
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/**
 * The number that stands for a value in a plot; NaN where there is none. Text is one only where the point's type says
 * that it is an integer too long for a number, which then is the nearest one.
 */
export function numberOf(value: Value, type?: PointInfo['type']): number {
  if (typeof value === 'number') return Number.isFinite(value) ? value : NaN;
  if (typeof value === 'boolean' || typeof value === 'bigint') return Number(value);
  return typeof value === 'string' && (type === 'i64' || type === 'u64') && /^-?\d+$/.test(value) ? Number(value) : NaN;
}

/** The changes of every point that is watched. */
export class History {
  readonly #lines = new Map<string, Line>();
  readonly #followers = new Map<string, number>();
  readonly #budgetBytes: number;
  #kept: ReadonlySet<string> = new Set();
  #bytes = 0;
  #sweptAt = -Infinity;

  constructor(budgetBytes = BUDGET_BYTES) {
    this.#budgetBytes = budgetBytes;
  }

  /** What all changes take in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The points whose hour is to stay whole, as long as the budget lasts for them alone. */
  keep(ids: Iterable<string>): void {
    this.#kept = new Set(ids);
  }

  /** A watch follows the point from now on. */
  enter(id: string): void {
    this.#followers.set(id, (this.#followers.get(id) ?? 0) + 1);
  }

  /** A watch ended, or its point was removed: with the last of them nothing is known of it any more. */
  leave(id: string, now: number): void {
    const left = (this.#followers.get(id) ?? 0) - 1;
    if (left > 0) {
      this.#followers.set(id, left);
      return;
    }
    this.#followers.delete(id);
    const line = this.#lines.get(id);
    if (line) this.#beginGap(id, line, now);
  }

  /**
   * Takes note of points as a watch gets them. `now`: the gateway's time, Unix ms; where contact is lost, when it was
   * last heard. `typeOf` tells which texts are integers.
   */
  record(points: readonly Point[], now: number, typeOf?: (id: string) => PointInfo['type'] | undefined): void {
    for (const point of points) this.#take(point, now, typeOf);
    if (now - this.#sweptAt >= SWEEP_MS) this.#sweep(now);
    if (this.#bytes > this.#budgetBytes) this.#giveWay(now);
  }

  /** What is known of a point. */
  track(id: string): Track | undefined {
    return this.#lines.get(id)?.track();
  }

  /** Takes back what was known of a point up to `until`, before this page was there; from then to when it was told first is a gap. */
  restore(id: string, before: Track, until: number, now: number): void {
    const line = this.#lines.get(id);
    const begunAt = Math.min(line?.begunAt ?? now, now);
    const { times, values } = joined(before, until, line?.track(), begunAt);
    this.#drop(id);
    const whole = this.#begin(id, begunAt);
    for (const [at, time] of times.entries()) this.#put(id, whole, time, values[at] ?? NaN, now);
  }

  #take(point: Point, now: number, typeOf?: (id: string) => PointInfo['type'] | undefined): void {
    const { id, value, live, quality } = point;
    const type = typeof value === 'string' ? typeOf?.(id) : undefined;
    const number = live && quality === 'good' ? numberOf(value, type) : NaN;
    const line = this.#lines.get(id);
    if (Number.isNaN(number)) {
      if (line) this.#beginGap(id, line, gapTime(point, line.newest, now));
      return;
    }
    const own = point.time !== null && point.time <= now + AHEAD_MS ? point.time : now;
    const placed = line ? place(own, number, line, now) : own;
    if (placed !== null) this.#put(id, line ?? this.#begin(id, now), placed, number, now);
  }

  #begin(id: string, at: number): Line {
    const line = new Line(at);
    this.#lines.set(id, line);
    this.#bytes += line.bytes;
    return line;
  }

  #beginGap(id: string, line: Line, at: number): void {
    if (!line.isGap) this.#put(id, line, Math.max(at, line.newest), NaN, at);
  }

  #put(id: string, line: Line, time: number, value: number, now: number): void {
    this.#bytes -= line.bytes;
    line.dropBefore(now - KEPT_MS);
    const bytes = line.bytesOfOneMore;
    if (bytes > line.bytes && !this.#hasRoom(bytes) && !this.#kept.has(id)) line.dropOldest();
    line.push(time, value);
    this.#bytes += line.bytes;
  }

  /** Whether a line may come to take so much, beside all others. */
  #hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= this.#budgetBytes * ROOMY || bytes <= this.#budgetBytes / this.#lines.size;
  }

  #drop(id: string): void {
    this.#bytes -= this.#lines.get(id)?.bytes ?? 0;
    this.#lines.delete(id);
  }

  /** What is older than the hour goes, also where nothing changes. */
  #sweep(now: number): void {
    this.#sweptAt = now;
    for (const [id, line] of this.#lines) {
      if (line.isGap && line.newest < now - KEPT_MS) this.#drop(id);
      else this.#shorten(line, now - KEPT_MS);
    }
  }

  #shorten(line: Line, cutoff: number): void {
    this.#bytes -= line.bytes;
    line.dropBefore(cutoff);
    line.fit();
    this.#bytes += line.bytes;
  }

  #giveWay(now: number): void {
    const others = [...this.#lines].filter(([id]) => !this.#kept.has(id));
    this.#shortenAll(others.map(([, line]) => line), now);
    others.sort(([, one], [, other]) => one.newest - other.newest);
    for (const [id] of others) {
      if (this.#isEased()) return;
      this.#drop(id);
    }
    this.#shortenAll([...this.#lines.values()], now);
  }

  /** Drops what is oldest of all of them together, step by step. */
  #shortenAll(lines: readonly Line[], now: number): void {
    let span = now - lines.reduce((oldest, line) => Math.min(oldest, line.oldest), now);
    for (; !this.#isEased() && span > LEAST_MS; span *= 0.8) {
      for (const line of lines) this.#shorten(line, now - span);
    }
  }

  #isEased(): boolean {
    return this.#bytes <= this.#budgetBytes * EASED;
  }
}

/** When a value ceased to be good. Where it only was not read any more its time is that of an older reading. */
function gapTime({ live, since, time }: Point, newest: number, now: number): number {
  if (!live) return now;
  const own = since ?? time;
  return own != null && own > newest && own <= now + AHEAD_MS ? own : now;
}

/** When a good value begins to stand; null where it is known already. By its own time, unless that is out of order. */
function place(own: number, value: number, line: Line, now: number): number | null {
  if (!line.isGap && own <= line.newest && value === line.last) return null;
  const isInOrder = line.isGap ? own > line.newest : own >= line.newest;
  return isInOrder ? own : Math.max(now, line.newest);
}

const FIRST_SAMPLES = 8;
const SAMPLE_BYTES = 16;
/** Where this part of the arrays is free at their beginning, it is used again before they grow. */
const FREE_PART = 4;
/** What a line takes besides its samples, about. */
const LINE_BYTES = 400;

/** The changes of one point, in two arrays that grow at their end and are cut at their beginning. */
class Line {
  #times = new Float64Array(FIRST_SAMPLES);
  #values = new Float64Array(FIRST_SAMPLES);
  #start = 0;
  #end = 0;

  /** `begunAt`: when it was first told of. */
  constructor(readonly begunAt: number) {}

  get bytes(): number {
    return LINE_BYTES + this.#times.length * SAMPLE_BYTES;
  }

  get oldest(): number {
    return this.#start === this.#end ? Infinity : (this.#times[this.#start] ?? Infinity);
  }

  get newest(): number {
    return this.#start === this.#end ? -Infinity : (this.#times[this.#end - 1] ?? -Infinity);
  }

  /** The newest value. */
  get last(): number {
    return this.#start === this.#end ? NaN : (this.#values[this.#end - 1] ?? NaN);
  }

  get isGap(): boolean {
    return Number.isNaN(this.last);
  }

  track(): Track {
    return { times: this.#times.subarray(this.#start, this.#end), values: this.#values.subarray(this.#start, this.#end) };
  }

  /** What it takes with one more change. */
  get bytesOfOneMore(): number {
    return LINE_BYTES + this.#grown() * SAMPLE_BYTES;
  }

  /** For how many samples there is room once one more has come. */
  #grown(): number {
    const { length } = this.#times;
    return this.#end < length || this.#start >= length / FREE_PART ? length : Math.ceil(length * 1.5);
  }

  push(time: number, value: number): void {
    if (this.#end === this.#times.length) this.#move(this.#grown());
    this.#times[this.#end] = time;
    this.#values[this.#end] = value;
    this.#end += 1;
  }

  /** Forgets what was before, but for the value that stood then. */
  dropBefore(cutoff: number): void {
    while (this.#end - this.#start > 1 && (this.#times[this.#start + 1] ?? Infinity) <= cutoff) this.#start += 1;
  }

  /** Forgets so much of what is oldest that one more has its place without more room. */
  dropOldest(): void {
    this.#start = Math.max(this.#start, Math.ceil(this.#times.length / FREE_PART));
  }

  /** Gives back what it does not need. */
  fit(): void {
    const needed = FIRST_SAMPLES + Math.ceil((this.#end - this.#start) * 1.25);
    if (needed < this.#times.length / 2) this.#move(needed);
  }

  #move(capacity: number): void {
    const { times, values } = this.track();
    const [newTimes, newValues] = [new Float64Array(capacity), new Float64Array(capacity)];
    newTimes.set(times);
    newValues.set(values);
    [this.#times, this.#values] = [newTimes, newValues];
    [this.#start, this.#end] = [0, times.length];
  }
}
