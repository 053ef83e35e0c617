// What one watch is told, noted in the history: with the gateway's time, and to the end of the watch.
//
// What holds: contact lost counts from when the gateway was last heard, not from when its silence was noticed.

import { untrack } from 'solid-js';
import type { Client, Point } from 'pointcast';
import type { Catalog } from './catalog.js';
import type { History } from './history.js';
import type { GatewayTime } from './time.js';

/** Where a recorder takes note. */
export interface Records {
  readonly client: Client;
  readonly time: GatewayTime;
  readonly catalog: Catalog;
  readonly history: History;
}

/** Takes note for one watch. */
export interface Recorder {
  /** What a watch is called with. */
  take(points: readonly Point[], removed: readonly string[]): void;
  /** The watch has ended. */
  end(): void;
}

/** A recorder for a watch that begins. */
export function createRecorder({ time, catalog, history }: Records): Recorder {
  const followed = new Set<string>();
  const typeOf = (id: string) => untrack(() => catalog.info(id)?.type);
  /** Before the gateway has told its time, it is no earlier than its newest value. */
  const until = (points: readonly Point[]) => {
    const known = time.knownUntil();
    return time.isKnown ? known : points.reduce((latest, point) => Math.max(latest, point.time ?? 0), known);
  };
  const leave = (id: string, at: number) => {
    if (followed.delete(id)) history.leave(id, at);
  };
  return {
    take(points, removed) {
      for (const { id } of points) {
        if (followed.has(id)) continue;
        followed.add(id);
        history.enter(id);
      }
      history.record(points, until(points), typeOf);
      for (const id of removed) leave(id, time.knownUntil());
    },
    end() {
      // A watch that takes this one's place may be told the same points in this very step: then nothing was missed.
      const at = time.knownUntil();
      setTimeout(() => [...followed].forEach((id) => leave(id, at)));
    },
  };
}
