// The recent course of a number as a line. Pure.

/** What a number was, oldest first: Unix ms and value; NaN begins a gap. */
export interface Track {
  readonly times: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** Where a course is drawn. */
export interface Box {
  readonly width: number;
  readonly height: number;
  /** Least difference that fills the height: what reads alike is not to look like a step. */
  readonly least: number;
}

/** The line of a track within a box, in the path language of SVG; a gap where there was no good value. */
export function coursePath(track: Track, fromMs: number, toMs: number, { width, height, least }: Box): string {
  const bounds = boundsOf(track, fromMs);
  if (bounds === null || toMs <= fromMs) return '';
  const { low, high } = bounds;
  const x = (time: number) => (((Math.max(time, fromMs) - fromMs) / (toMs - fromMs)) * width).toFixed(1);
  const y = (value: number) => (high > low ? (0.5 - (value - (low + high) / 2) / Math.max(high - low, least)) * height : height / 2).toFixed(1);
  let path = '';
  let isOn = false;
  const first = firstSeen(track.times, fromMs);
  for (let at = first; at < track.times.length; at += 1) {
    const [time, value] = [track.times[at] ?? 0, track.values[at] ?? NaN];
    if (Number.isNaN(value)) {
      if (isOn) path += `H${x(time)}`;
      isOn = false;
      continue;
    }
    path += isOn ? `H${x(time)}V${y(value)}` : `M${x(time)} ${y(value)}`;
    isOn = true;
  }
  return isOn ? `${path}H${x(toMs)}` : path;
}

/** The lowest and the highest that it was from `fromMs` on; null where it was nothing. */
export function boundsOf({ times, values }: Track, fromMs: number): { readonly low: number; readonly high: number } | null {
  let bounds: { low: number; high: number } | null = null;
  for (let at = firstSeen(times, fromMs); at < times.length; at += 1) {
    const value = values[at] ?? NaN;
    if (Number.isNaN(value)) continue;
    bounds = bounds === null ? { low: value, high: value } : { low: Math.min(bounds.low, value), high: Math.max(bounds.high, value) };
  }
  return bounds;
}

/** What was so at `fromMs` began before. Looked for from the end: a course is of the newest. */
function firstSeen(times: ArrayLike<number>, fromMs: number): number {
  let at = times.length - 1;
  while (at > 0 && (times[at] ?? 0) > fromMs) at -= 1;
  return Math.max(0, at);
}

/** The newest numbers of what is asked for: a track of at most `most`. A number stands no longer than `standsMs` without another. */
export class Kept {
  readonly #most: number;
  readonly #standsMs: number;
  readonly #times: number[] = [];
  readonly #values: number[] = [];

  constructor(most: number, standsMs: number) {
    this.#most = most;
    this.#standsMs = standsMs;
  }

  /** `null`: there is none now. */
  add(time: number, value: number | null): void {
    const last = this.#times.at(-1) ?? time;
    if (this.#times.length > 0 && time <= last) return;
    // Nobody asked in between, as while the machine slept: what was so then is not known.
    if (time - last > this.#standsMs) this.#put(last + this.#standsMs, NaN);
    this.#put(time, value ?? NaN);
  }

  #put(time: number, value: number): void {
    this.#times.push(time);
    this.#values.push(value);
    if (this.#times.length > this.#most) {
      this.#times.shift();
      this.#values.shift();
    }
  }

  track(): Track {
    return { times: this.#times, values: this.#values };
  }
}
