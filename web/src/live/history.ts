// What points were, for trends and sparklines: the changes that this page was told.

import type { Point } from 'pointcast';

/** As many changes of a point are kept. */
const MOST = 512;

/** A point's changes, oldest first: Unix ms and value; NaN begins a gap, where there was no good value. */
export interface Track {
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** The changes of every point that is watched. */
export class History {
  readonly #tracks = new Map<string, { times: number[]; values: number[] }>();

  /** Takes note of points as a watch gets them; `now` is the gateway's time, Unix ms. */
  record(points: readonly Point[], now: number): void {
    for (const point of points) this.#take(point, now);
  }

  /** What is known of a point. */
  track(id: string): Track | undefined {
    return this.#tracks.get(id);
  }

  #take({ id, value, quality, time, live }: Point, now: number): void {
    const number = typeof value === 'boolean' ? Number(value) : value;
    const isGood = live && quality === 'good' && typeof number === 'number';
    const track = this.#tracks.get(id) ?? { times: [], values: [] };
    this.#tracks.set(id, track);
    const at = isGood ? (time ?? now) : now;
    if (at <= (track.times.at(-1) ?? -Infinity)) return;
    track.times.push(at);
    track.values.push(isGood ? number : NaN);
    if (track.times.length > MOST) {
      track.times.shift();
      track.values.shift();
    }
  }
}
