// The points that something looks at, each a signal of its own.
//
// What holds: nothing is kept of a point that is no more; who looks at it all the while is drawn when it comes back.

import { type Signal, createSignal, untrack } from 'solid-js';
import type { Point } from 'pointcast';

export class Looks {
  readonly #all = new Map<string, Signal<Point | undefined>>();

  /** A point as it was drawn last, or as it is `now`. Tracked. */
  of(id: string, now: Point | undefined): Point | undefined {
    const look = this.#all.get(id) ?? lookAt(now);
    this.#all.set(id, look);
    return look[0]();
  }

  /** Draws it as it is now. */
  draw(id: string, point: Point | undefined): void {
    const look = this.#all.get(id);
    // Who still looks is told so, asks again, and gets another signal.
    if (point === undefined) this.#all.delete(id);
    look?.[1](point);
  }

  /** Of how many points something is kept. */
  get size(): number {
    return this.#all.size;
  }
}

function lookAt(point: Point | undefined): Signal<Point | undefined> {
  // That there is none is news each time.
  return untrack(() => createSignal(point, { equals: (one, other) => one === other && other !== undefined }));
}
