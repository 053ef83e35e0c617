// What of a track is drawn: as much as the pixels can show, and no more. Pure.
//
// What holds: the first, lowest, highest and last value of each column of pixels are drawn, so that no peak is lost
// and the drawing costs no more than the columns; columns stand at fixed times, so that a picture which moves does not
// flicker; a gap is never drawn over. A value stands until the next, so the line goes in steps: where it is cut it has the
// value that was told, and a slope would be made up.

import type { Track } from '../live/history.js';

/** What is drawn of a track: corners of a line in the order of time. NaN takes the pen off. */
export interface Stroke {
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** Lowest and highest value; NaN where there is none. */
  readonly low: number;
  readonly high: number;
}

/** What is looked at: a span of time, and how many columns of pixels it has. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly columns: number;
}

/** More changes in a column than this are brought down to the four that can be seen. */
const FEW = 4;

/** The place of the last change at or before `time`; -1 where there is none. */
export function indexAt(times: Float64Array, time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The value that stood at `time`; NaN where none did, or where that is to come. */
export function valueAt(track: Track | undefined, time: number, now: number): number {
  if (!track || time > now) return NaN;
  const at = indexAt(track.times, time);
  return at < 0 ? NaN : (track.values[at] ?? NaN);
}

/** Whether any value stood between two times, of what is not to come. */
export function isKnownWithin(track: Track | undefined, from: number, to: number, now: number): boolean {
  if (!track || from > now) return false;
  // No gap follows another: what is next is a value.
  for (let at = Math.max(0, indexAt(track.times, from)); (track.times[at] ?? Infinity) <= Math.min(to, now); at += 1) {
    if (!Number.isNaN(track.values[at] ?? NaN)) return true;
  }
  return false;
}

/** What to draw of a track. A value that still stands is drawn up to `until`, the time that it is known to stand. */
export function strokeOf({ times, values }: Track, { from, to, columns }: Window, until: number): Stroke {
  const pen = new Pen();
  const first = Math.max(0, indexAt(times, from));
  const end = indexAt(times, to) + 1;
  if (end - first <= columns * FEW) {
    for (let at = first; at < end; at += 1) pen.to(times[at] ?? NaN, values[at] ?? NaN);
  } else {
    columnsOf(times, values, first, end, (to - from) / columns, pen);
  }
  return pen.done(Math.max(from, Math.min(to, until)), from);
}

/** The corners of each column: where it begins and ends, and its extremes, in the order in which they came. */
function columnsOf(times: Float64Array, values: Float64Array, first: number, end: number, columnMs: number, pen: Pen): void {
  for (let at = first; at < end;) {
    const column = Math.floor((times[at] ?? 0) / columnMs);
    let [low, high, next] = [at, at, at + 1];
    // A gap ends its column: nothing is drawn across it.
    if (!Number.isNaN(values[at] ?? NaN)) {
      while (next < end && Math.floor((times[next] ?? 0) / columnMs) === column && !Number.isNaN(values[next] ?? NaN)) {
        if ((values[next] ?? NaN) < (values[low] ?? NaN)) low = next;
        if ((values[next] ?? NaN) > (values[high] ?? NaN)) high = next;
        next += 1;
      }
    }
    const corners = [at, Math.min(low, high), Math.max(low, high), next - 1];
    for (const [place, corner] of corners.entries()) {
      if (corner !== corners[place - 1]) pen.to(times[corner] ?? NaN, values[corner] ?? NaN);
    }
    at = next;
  }
}

/** Draws values that stand until the next, and keeps their extremes. */
class Pen {
  readonly #times: number[] = [];
  readonly #values: number[] = [];
  #time = NaN;
  #value = NaN;

  to(time: number, value: number): void {
    const isOn = !Number.isNaN(this.#value);
    if (Number.isNaN(value)) {
      if (isOn) this.#corner(time, this.#value);
      if (this.#times.length > 0) this.#corner(time, NaN);
    } else {
      if (isOn && this.#value !== value) this.#corner(time, this.#value);
      this.#corner(time, value);
    }
    [this.#time, this.#value] = [time, value];
  }

  done(until: number, from: number): Stroke {
    if (!Number.isNaN(this.#value) && until > this.#time) this.#corner(until, this.#value);
    let [low, high] = [NaN, NaN];
    for (const [at, value] of this.#values.entries()) {
      // What ended before the window begins is not seen.
      const isSeen = (this.#times[at + 1] ?? Infinity) >= from;
      if (!isSeen || Number.isNaN(value)) continue;
      if (!(value >= low)) low = value;
      if (!(value <= high)) high = value;
    }
    return { times: this.#times, values: this.#values, low, high };
  }

  #corner(time: number, value: number): void {
    const last = this.#times.length - 1;
    if (this.#times[last] === time && Object.is(this.#values[last], value)) return;
    this.#times.push(time);
    this.#values.push(value);
  }
}
